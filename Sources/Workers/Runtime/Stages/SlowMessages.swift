import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Synchronization

/// Work on Postgres that took too long although the server answers: a transaction over its deadline, or a handler over
/// its time limit while a statement was under way.
struct SlowWork: Sendable {
    let wait: PostgresError.Wait

    init?(_ error: any Error) {
        let wait =
            switch error {
            case let error as PostgresError: error.wait
            case let error as TimeLimitExceeded: error.wait
            default: nil as PostgresError.Wait?
            }
        guard let wait else { return nil }
        self.wait = wait
    }
}

/// How often messages of a queue have been slow, so that not one slow answer counts as their failure.
///
/// It is kept in this process only, and for a limited number of messages: one that is forgotten is given more tries,
/// never fewer.
final class SlowMessages: Sendable {
    enum Verdict: Hashable {
        /// Run it again without an attempt; alone, if it was not.
        case again
        /// Put it aside for this long without an attempt, so that others go on.
        case aside(Duration)
        /// It is a failure of the message.
        case pays
    }

    private struct Record {
        var works = 0
        var locks = 0
        /// How large its next batch may be, after one over its time limit.
        var largestBatch = Int.max
    }

    private struct State {
        var records: [MessageIdentity: Record] = [:]
        /// How many tries in a row have waited for a lock or a connection in vain.
        var waits = 0
    }

    /// The try from which on a slow message is a failure, or put aside when it waits for a lock.
    private static let firstPaidTry = 3
    private static let longestAside = Duration.seconds(30)
    private static let longestPause = Duration.seconds(5)

    private let limit: Int
    private let state = Mutex(State())
    private let hasRecords = Atomic(false)

    init(limit: Int = 10_000) { self.limit = limit }

    /// Whether nothing is on record; while nothing is, the hot path takes no lock.
    var isEmpty: Bool { !hasRecords.load(ordering: .relaxed) }

    /// How many may run together with the message, itself counted; `nil` where it has not been slow.
    func largestBatch(of message: MessageIdentity) -> Int? {
        state.withLock { state in
            guard let record = state.records[message] else { return nil }
            if record.works > 0 || record.locks > 1 { return 1 }
            return record.largestBatch == .max ? nil : record.largestBatch
        }
    }

    /// The message was in a batch over its time limit.
    func limitBatch(of message: MessageIdentity, to size: Int) {
        state.withLock { state in
            hasRecords.store(true, ordering: .relaxed)
            makeRoom(&state, for: message)
            state.records[message, default: Record()].largestBatch = max(1, size)
        }
    }

    private func makeRoom(_ state: inout State, for message: MessageIdentity) {
        if state.records.count >= limit, state.records[message] == nil { state.records.removeAll() }
    }

    /// The message has been slow once more, although Postgres takes writes.
    ///
    /// A statement that waits for another session's lock is not at fault, however long that lasts.
    func verdict(on message: MessageIdentity, waitingFor wait: PostgresError.Wait) -> Verdict {
        state.withLock { state in
            hasRecords.store(true, ordering: .relaxed)
            makeRoom(&state, for: message)
            var record = state.records[message] ?? Record()
            defer { state.records[message] = record }
            switch wait {
            case .connection: return .again
            case .lock:
                record.locks += 1
                guard record.locks >= Self.firstPaidTry else { return .again }
                return .aside(min(.seconds(1 << min(record.locks - Self.firstPaidTry + 1, 16)), Self.longestAside))
            case .work:
                record.works += 1
                return record.works < Self.firstPaidTry ? .again : .pays
            }
        }
    }

    /// How long a slot pauses after a try that waited for a lock or a connection in vain: longer each time.
    func pause() -> Duration {
        state.withLock { state in
            state.waits += 1
            return min(.milliseconds(250 << min(state.waits, 16)), Self.longestPause)
        }
    }

    /// The messages are done.
    func forget(_ messages: [InboundMessage]) {
        guard !isEmpty else { return }
        state.withLock { state in
            state.waits = 0
            for message in messages { state.records[message.identity] = nil }
            if state.records.isEmpty { hasRecords.store(false, ordering: .relaxed) }
        }
    }
}

extension SettleStage {
    /// What one pass has found out about slow messages.
    struct Slowness {
        /// Whether Postgres takes writes, once it was asked.
        var takesWrites: Bool?
        /// To be run again without an attempt.
        var again: [Delivery] = []
        var isWaiting = false
        var lastError: (any Error)?
        /// To be run again in smaller batches.
        var halved: [Delivery] = []
        var lastTimeout: TimeLimitExceeded?

        var hasAny: Bool { lastError != nil || lastTimeout != nil }
    }

    /// Decides about a message whose work took too long. An independent write tells whether Postgres is at fault.
    ///
    /// - Returns: whether the message pays for it with an attempt; else it has been dealt with, or is in `slowness.again`.
    func pays(_ message: InboundMessage, _ work: SlowWork, _ error: any Error, _ slowness: inout Slowness) async -> Bool
    {
        if slowness.takesWrites == nil { slowness.takesWrites = await runtime.breakers.isReachable(.postgres) }
        slowness.lastError = error
        guard slowness.takesWrites == true else {
            slowness.again.append(message.delivery)
            return false
        }
        if work.wait != .work { slowness.isWaiting = true }
        switch slow.verdict(on: message.identity, waitingFor: work.wait) {
        case .pays: return true
        case .again: slowness.again.append(message.delivery)
        case .aside(let delay): await snooze(message, for: delay)
        }
        metrics.slow.increment()
        return false
    }

    /// Puts back what is to be run again, and lets the slot pause while tries wait in vain.
    func settle(_ slowness: Slowness, putBack: ([Delivery]) -> Void) async {
        if let timeout = slowness.lastTimeout {
            metrics.slow.increment(by: slowness.halved.count)
            runtime.log.warning(
                "a batch took too long; trying again by halves without an attempt",
                [
                    "queue": .string(queue.name), "messages": .integer(slowness.halved.count),
                    "problem": .string("\(timeout)"),
                ]
            )
            putBack(slowness.halved)
        }
        guard let error = slowness.lastError else { return }
        putBack(slowness.again)
        guard slowness.takesWrites == true else {
            return runtime.breakers.recordOutage(of: .postgres, reason: "\(error)", holding: .zero)
        }
        runtime.log.warning(
            "Postgres did not finish in time; trying again without an attempt",
            [
                "queue": .string(queue.name), "messages": .integer(slowness.again.count),
                "problem": .string("\(error)"),
            ]
        )
        try? await Task.sleep(for: slowness.isWaiting ? slow.pause() : .milliseconds(50))
    }
}
