/// Turns settlements in any order into as few acknowledgement frames as possible: a pure state machine.
///
/// Delivery tags count up from 1 on a channel. What is settled without a gap from the oldest unsettled delivery on is
/// acknowledged with one `multiple` frame, which covers all queues of the channel. What is settled above a gap waits
/// for the gap to close, but neither longer than `gapTimeout` nor when `pendingLimit` of them wait: then each goes by
/// itself. Before anything is sent at all, more is awaited for up to `linger` or until `pendingLimit` wait: to a quorum
/// queue every frame is a command to agree on, whether it stands for one delivery or for hundreds.
struct AckWindow {
    enum Frame: Hashable {
        case acknowledge(tag: UInt64, multiple: Bool)
        case requeue(tag: UInt64, multiple: Bool)
    }

    enum Refusal: Hashable {
        /// No such delivery was made.
        case unknown
        case alreadySettled
    }

    private enum Entry: UInt8 {
        case unsettled, acknowledge, requeue, sent
    }

    let gapTimeout: Duration
    let linger: Duration
    let pendingLimit: Int

    /// The tag of `entries[head]`: everything below is settled and sent.
    private var first: UInt64 = 1
    private var entries: [Entry] = []
    private var head = 0
    /// Settled, not sent yet.
    private var pendingCount = 0
    private var pendingSince: ContinuousClock.Instant?
    private var lingersUntil: ContinuousClock.Instant?

    init(gapTimeout: Duration = .milliseconds(20), linger: Duration = .zero, pendingLimit: Int) {
        self.gapTimeout = gapTimeout
        self.linger = linger
        self.pendingLimit = max(1, pendingLimit)
    }

    /// How many deliveries are unsettled.
    private(set) var unsettledCount = 0

    /// When ``flush(at:)`` has to be called again at the latest; `nil` when nothing waits.
    var deadline: ContinuousClock.Instant? { lingersUntil ?? pendingSince.map { $0 + gapTimeout } }

    mutating func delivered(_ tag: UInt64) {
        // Tags arrive in order; a number left out would never be settled, so it counts as sent.
        let next = first + UInt64(entries.count - head)
        guard tag >= next else { return }
        if tag > next { entries.append(contentsOf: repeatElement(.sent, count: Int(tag - next))) }
        entries.append(.unsettled)
        unsettledCount += 1
    }

    @discardableResult
    mutating func settle(_ tag: UInt64, as settlement: Settlement) -> Refusal? {
        guard tag >= first else { return tag == 0 ? .unknown : .alreadySettled }
        guard tag - first < UInt64(entries.count - head) else { return .unknown }
        let index = head + Int(tag - first)
        guard entries[index] == .unsettled else { return .alreadySettled }
        entries[index] = settlement == .acknowledge ? .acknowledge : .requeue
        unsettledCount -= 1
        pendingCount += 1
        return nil
    }

    /// The frames to send now. With `everything`, nothing settled is held back.
    mutating func flush(at now: ContinuousClock.Instant, everything: Bool = false) -> [Frame] {
        guard pendingCount > 0 else { return [] }
        let end = lingersUntil ?? now + linger
        guard everything || pendingCount >= pendingLimit || end <= now else {
            lingersUntil = end
            return []
        }
        lingersUntil = nil
        var frames = flushPrefix()
        if pendingCount > 0 {
            let isDue = pendingSince.map { $0 + gapTimeout <= now } ?? false
            if everything || isDue || pendingCount >= pendingLimit { flushAboveGaps(into: &frames) }
        }
        pendingSince = pendingCount > 0 ? pendingSince ?? now : nil
        return frames
    }

    /// One `multiple` frame for each run of like settlements at the bottom.
    private mutating func flushPrefix() -> [Frame] {
        var frames: [Frame] = []
        var run = (kind: Entry.sent, tag: UInt64(0), count: 0)
        func close() {
            guard run.count > 0 else { return }
            frames.append(Self.frame(run.kind, run.tag, multiple: run.count > 1))
        }
        while head < entries.count, entries[head] != .unsettled {
            let kind = entries[head]
            if kind != .sent {
                if kind != run.kind {
                    close()
                    run = (kind, first, 0)
                }
                // A multiple frame has to name a tag that the broker still holds: never one that was sent alone.
                run.tag = first
                run.count += 1
                pendingCount -= 1
            }
            head += 1
            first += 1
        }
        close()
        if head == entries.count {
            entries.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4_096 {
            entries.removeSubrange(..<head)
            head = 0
        }
        return frames
    }

    private mutating func flushAboveGaps(into frames: inout [Frame]) {
        for index in head..<entries.count where entries[index] == .acknowledge || entries[index] == .requeue {
            frames.append(Self.frame(entries[index], first + UInt64(index - head), multiple: false))
            entries[index] = .sent
        }
        pendingCount = 0
    }

    private static func frame(_ kind: Entry, _ tag: UInt64, multiple: Bool) -> Frame {
        kind == .requeue ? .requeue(tag: tag, multiple: multiple) : .acknowledge(tag: tag, multiple: multiple)
    }
}
