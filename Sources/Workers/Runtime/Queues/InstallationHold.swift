import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Synchronization

/// Holds one queue while the database refuses its statements for what the installation lacks.
///
/// No attempt is spent then. One message, or one batch, is tried at a time, after growing waits; the first trial that goes
/// through ends the hold.
final class InstallationHold: Sendable {
    private enum Trial: Equatable {
        case none
        /// A slot has its turn, and waits for a message.
        case seeking
        case running
    }

    private struct State {
        var fault: InstallationFault?
        /// Microseconds since 1970.
        var since: Int64 = 0
        var start = ContinuousClock.now
        var wait = InstallationHold.firstWait
        var nextTrial = ContinuousClock.now
        var trial = Trial.none
        var seekingSince = ContinuousClock.now
        var toldAt: ContinuousClock.Instant?
    }

    private static let firstWait = Duration.milliseconds(500)
    private static let longestWait = Duration.seconds(4)
    /// How often the log repeats what holds the queue.
    private static let repetition = Duration.seconds(60)
    /// How soon after a line the next hold is told, should holds come and go.
    private static let rest = Duration.seconds(5)
    private static let longestSearch = Duration.seconds(10)
    private static let poll = Duration.milliseconds(50)

    private let queue: String
    private let log: Log
    private let gauge: Gauge
    private let state = Mutex(State())
    /// Whether ``State/fault`` is set; without one the hot path takes no lock.
    private let held = Atomic<Bool>(false)
    private let released = Atomic<Bool>(false)

    init(queue: String, log: Log, gauge: Gauge) {
        self.queue = queue
        self.log = log
        self.gauge = gauge
        gauge.set(0)
    }

    var isHeld: Bool { held.load(ordering: .relaxed) }

    /// Since when the queue has been held.
    var heldSince: ContinuousClock.Instant? { state.withLock { $0.fault == nil ? nil : $0.start } }

    /// Whether a trial is due for which there may be no message here.
    var seeksMessage: Bool { state.withLock { $0.trial == .seeking } }

    /// What is told of the hold; `nil` while there is none, and when the queue has had no message to try for a while:
    /// others may have done what was there.
    var report: HeldQueue? {
        state.withLock { state in
            guard state.trial != .seeking || .now - state.seekingSince < Self.longestSearch else { return nil }
            return state.fault.map {
                HeldQueue(queue: queue, sqlState: $0.sqlState, problem: $0.problem, since: state.since)
            }
        }
    }

    /// Returns at once while the queue is not held, else when the hold has ended, a trial is due, or a drain begins.
    ///
    /// - Returns: whether what the caller takes next is a trial; it has to call ``endTrial()`` afterwards.
    func waitForTurn() async -> Bool {
        while isHeld, !released.load(ordering: .acquiring) {
            let isMine = state.withLock { state in
                guard state.fault != nil, state.trial == .none, .now >= state.nextTrial else { return false }
                state.trial = .seeking
                state.seekingSince = .now
                return true
            }
            if isMine { return true }
            try? await Task.sleep(for: Self.poll)
        }
        return false
    }

    /// The trial has its messages.
    func beginTrial() {
        state.withLock { state in
            if state.trial == .seeking { state.trial = .running }
        }
    }

    /// Lets the next trial come when it is due. One that came to no answer is repeated after the same wait.
    func endTrial() {
        state.withLock { state in
            guard state.trial != .none else { return }
            state.trial = .none
            state.nextTrial = .now + state.wait
        }
    }

    /// A statement of the queue's worker was refused.
    func record(_ fault: InstallationFault) {
        let isToBeTold = state.withLock { state in
            let now = ContinuousClock.now
            let isNew = state.fault == nil
            if isNew {
                (state.since, state.start, state.wait) = (WallClock.microseconds(), now, Self.firstWait)
                state.nextTrial = now + state.wait
            } else if state.trial == .running {
                state.wait = min(state.wait * 2, Self.longestWait)
            }
            let isOther = state.fault != fault
            state.fault = fault
            // With the fault, so that no success in between leaves the one without the other.
            held.store(true, ordering: .relaxed)
            gauge.set(1)
            let rest = isNew ? Self.rest : Self.repetition
            let isDue = state.toldAt.map { now - $0 >= rest } ?? true
            guard isDue || (isOther && !isNew) else { return false }
            state.toldAt = now
            return true
        }
        guard isToBeTold else { return }
        log.error(
            "the database lacks what this queue's worker needs: the queue is held and spends no attempts",
            [
                "queue": .string(queue), "sqlstate": .string(fault.sqlState), "problem": .string(fault.problem),
                "remedy": "run flotilla migrate, grant the right, or correct the worker's statement",
            ]
        )
    }

    /// A trial has gone through.
    func recordSuccess() {
        let start = state.withLock { state -> ContinuousClock.Instant? in
            guard state.fault != nil, state.trial == .running else { return nil }
            state.fault = nil
            held.store(false, ordering: .relaxed)
            gauge.set(0)
            return state.start
        }
        guard let start else { return }
        log.info(
            "the database has what this queue's worker needs: the queue goes on",
            ["queue": .string(queue), "seconds": .double((ContinuousClock.now - start).seconds)]
        )
    }

    /// Lets everybody go, now and from now on, for a drain.
    func release() { released.store(true, ordering: .releasing) }
}

/// Tells other processes through Redis which queues of this one are held.
struct HeldQueueReporter: Sendable {
    let store: HeldQueues
    let process: String
    let holds: [InstallationHold]

    /// Runs until the task is cancelled.
    func run() async {
        var isShown = false
        while !Task.isCancelled {
            let reports = holds.compactMap(\.report)
            if isShown || !reports.isEmpty { isShown = await !store.replace(reports, of: process) || !reports.isEmpty }
            try? await Task.sleep(for: HeldQueues.interval)
        }
        if isShown { _ = await store.replace([], of: process) }
    }
}
