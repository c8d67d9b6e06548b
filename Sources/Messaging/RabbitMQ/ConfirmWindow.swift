/// The publishes that the broker has not confirmed yet: a pure state machine over publishing sequence numbers.
///
/// Confirms may come out of order, and one may cover all before it. An unroutable message is returned before it is
/// confirmed, and the return does not say which publish it belongs to: the caller finds it by content.
struct ConfirmWindow<Publish> {
    enum Outcome: Hashable {
        case confirmed
        case refused
        case returned(code: Int, reason: String)
    }

    private struct Entry {
        var publish: Publish
        var returned: (code: Int, reason: String)?
        var isOpen = true
    }

    /// How many publishes may be open at a time.
    let limit: Int
    private(set) var openCount = 0
    /// The sequence number of `entries[head]`; numbers start at 1 on every channel.
    private var first: UInt64 = 1
    private var entries: [Entry] = []
    private var head = 0

    init(limit: Int) {
        self.limit = limit
        entries.reserveCapacity(limit * 2)
    }

    /// How many more publishes fit. A publish that stays unanswered keeps those after it from being forgotten, so
    /// the span from the oldest to the newest is bounded as well.
    var room: Int { max(0, min(limit - openCount, limit * 16 - (entries.count - head))) }

    /// Opens the next publish, and returns its sequence number.
    @discardableResult
    mutating func open(_ publish: Publish) -> UInt64 {
        entries.append(Entry(publish: publish))
        openCount += 1
        return first + UInt64(entries.count - head - 1)
    }

    /// Marks the oldest open publish that was not returned yet and `matches`; `false` when there is none.
    @discardableResult
    mutating func returned(code: Int, reason: String, where matches: (Publish) -> Bool) -> Bool {
        for index in head..<entries.count
        where entries[index].isOpen && entries[index].returned == nil && matches(entries[index].publish) {
            entries[index].returned = (code, reason)
            return true
        }
        return false
    }

    /// Closes the publish with this number, or all up to it, oldest first. Unknown numbers are ignored.
    mutating func resolve(
        _ number: UInt64,
        multiple: Bool,
        as outcome: Outcome,
        _ close: (Publish, Outcome) -> Void
    ) {
        guard number >= first, number - first < UInt64(entries.count - head) else { return }
        let last = head + Int(number - first)
        for index in (multiple ? head : last)...last where entries[index].isOpen {
            entries[index].isOpen = false
            openCount -= 1
            let returned = entries[index].returned
            close(
                entries[index].publish,
                returned.map { .returned(code: $0.code, reason: $0.reason) } ?? outcome
            )
        }
        forgetClosed()
    }

    /// Closes everything, oldest first, and starts again at number 1: the channel is gone.
    mutating func reset(_ close: (Publish) -> Void) {
        let lost = entries[head...].filter(\.isOpen)
        entries.removeAll(keepingCapacity: true)
        head = 0
        first = 1
        openCount = 0
        for entry in lost { close(entry.publish) }
    }

    /// The open publishes, oldest first.
    var open: [Publish] { entries[head...].filter(\.isOpen).map(\.publish) }

    private mutating func forgetClosed() {
        while head < entries.count, !entries[head].isOpen {
            head += 1
            first += 1
        }
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= limit {
            entries.removeSubrange(..<head)
            head = 0
        }
    }
}
