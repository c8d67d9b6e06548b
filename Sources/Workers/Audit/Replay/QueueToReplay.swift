import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// One queue that was lost, and how far its replay is.
struct QueueToReplay: Sendable {
    let queue: QueueDefinition
    private(set) var gaps: [QueueGap] = []
    private(set) var start = Int64.max
    private(set) var declaredAt: Int64 = 0
    var place = MissedMessages.Place()
    var sent = 0
    var jobs = 0
    var leftOut = 0
    /// Whether the queue itself was lost with what lay in it, jobs among it.
    private(set) var hasLostMessages = false
    /// Whether the audit log was still behind when it was waited for no longer.
    var isIncomplete = false
    /// Before which nobody knows any more what was handled, where the loss goes back further.
    private(set) var unknownBefore: Int64?
    /// Whether services may have sent commands to it that nothing but the queue has held.
    private let takesForeignCommands: Bool

    init(_ queue: QueueDefinition, in topology: Topology) {
        self.queue = queue
        let exchange = topology.publishers == nil ? topology.commands.name : topology.outsideCommands?.name
        takesForeignCommands = queue.bindings.contains { $0.exchange == exchange }
    }

    mutating func add(_ gap: QueueGap) {
        gaps.append(gap)
        start = min(start, gap.since - (gap.isUnbound ? 0 : queue.replayMargin.milliseconds * 1_000))
        if gap.queue == queue.name, !gap.isUnbound { hasLostMessages = true }
        declaredAt = max(declaredAt, gap.declaredAt)
    }

    /// Leaves out what is from before the time: it may have been handled, and would be handled again.
    mutating func limit(to time: Int64) {
        guard start < time else { return }
        start = time
        unknownBefore = time
    }

    /// For people; empty when there is nothing to tell.
    var note: String {
        let command = "flotilla topology replay \(queue.name) --since \(WallClock.iso8601(start))"
        var notes: [String] = []
        if isIncomplete { notes.append("the audit log was behind for ten minutes; once it is not: \(command)") }
        if leftOut > 0 {
            notes.append(
                """
                those are without an id, or with one that is not kept, and may have been handled; or of people who are \
                forgotten. The former: \(command) --without-ids
                """
            )
        }
        if let unknownBefore {
            notes.append(
                "from before \(WallClock.iso8601(unknownBefore)) nothing was replayed: what was handled is not known any more"
            )
        }
        if hasLostMessages, takesForeignCommands {
            notes.append("commands that services had sent to it over AMQP are not known, and were not replayed")
        }
        return notes.joined(separator: "; ")
    }
}
