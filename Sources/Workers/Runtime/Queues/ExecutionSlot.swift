import FlotillaModels
import Synchronization

/// One place in which a queue's messages are executed, one step after another; `concurrency` of them make a queue's
/// parallelism.
///
/// It knows what it has been given and what came of it, and carries the time limit. A handler that exceeds the
/// limit is cancelled; one that ignores that for `cancellationTimeout` is given up, and the slot goes on without it.
/// Whatever it does later meets the inbox.
final class ExecutionSlot: Sendable {
    typealias Results = [Result<Outcome, any Error>]

    /// What a slot was given, and the results of as many of the first messages as have been executed.
    struct Work: Sendable {
        let messages: [InboundMessage]
        var results: Results = []
    }

    /// What to do after a step.
    enum StepResult: Sendable {
        case goOn
        /// The task has been cancelled: settle the work and go on in another task.
        case timedOut(Work)
        /// The process is ending: leave what has no result unsettled.
        case interrupted(Work)
        /// The slot has been taken over, and the work with it: stop.
        case abandoned
    }

    private enum Phase {
        case idle
        case running
        case cancelled(interrupted: Bool)
    }

    private struct State {
        var generation = 0
        var phase = Phase.idle
        var deadline = ContinuousClock.now
        var work = Work(messages: [])
        var stepSize = 0
        var task: Task<Void, Never>?
    }

    /// The first of the journal's places that belong to this slot.
    let journalBase: Int
    private let timeout: Duration
    private let cancellationTimeout: Duration
    private let state = Mutex(State())

    init(timeout: Duration, cancellationTimeout: Duration = .seconds(5), journalBase: Int = 0) {
        self.timeout = timeout
        self.cancellationTimeout = cancellationTimeout
        self.journalBase = journalBase
    }

    /// Starts the task that serves this slot from now on; an earlier one is no longer listened to.
    func launch(_ loop: @escaping @Sendable (_ generation: Int) async -> Void) {
        state.withLock { state in
            state.generation += 1
            state.phase = .idle
            let generation = state.generation
            state.task = Task { await loop(generation) }
        }
    }

    func accept(_ messages: [InboundMessage], _ generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.work = Work(messages: messages) }
        }
    }

    /// The next `size` messages of the work are about to be executed together.
    func beginStep(of size: Int, _ generation: Int) {
        let deadline = ContinuousClock.now + timeout
        state.withLock { state in
            guard state.generation == generation, case .idle = state.phase else { return }
            state.phase = .running
            state.deadline = deadline
            state.stepSize = size
        }
    }

    func endStep(_ results: Results, _ generation: Int) -> StepResult {
        state.withLock { state in
            guard state.generation == generation else { return .abandoned }
            switch state.phase {
            case .idle, .running:
                state.phase = .idle
                state.work.results += results
                return .goOn
            case .cancelled(let interrupted):
                state.phase = .idle
                if interrupted {
                    // What ended well in spite of it is done; the rest is as if it had never started.
                    if results.allSatisfy(\.isSuccess) { state.work.results += results }
                    return .interrupted(state.work)
                }
                let late = TimeLimitExceeded(limit: timeout, isStillRunning: false)
                state.work.results += results.map { $0.isSuccess ? $0 : .failure(late) }
                return .timedOut(state.work)
            }
        }
    }

    /// The results of the whole work, which is thereby handed over.
    func finish(_ generation: Int) -> Work? {
        state.withLock { state in
            guard state.generation == generation else { return nil }
            defer { state.work = Work(messages: []) }
            return state.work
        }
    }

    /// Enforces the time limit; called every so often from outside.
    ///
    /// - Returns: the work of a handler that has just been given up, for the caller to settle and to launch anew.
    func enforce(_ now: ContinuousClock.Instant) -> Work? {
        let (task, work) = state.withLock { state -> (Task<Void, Never>?, Work?) in
            guard now >= state.deadline else { return (nil, nil) }
            switch state.phase {
            case .idle, .cancelled(interrupted: true): return (nil, nil)
            case .running:
                state.phase = .cancelled(interrupted: false)
                state.deadline = now + cancellationTimeout
                return (state.task, nil)
            case .cancelled(interrupted: false):
                var work = state.work
                let error = TimeLimitExceeded(limit: timeout, isStillRunning: true)
                work.results += Array(repeating: .failure(error), count: state.stepSize)
                state.generation += 1
                state.phase = .idle
                return (nil, work)
            }
        }
        task?.cancel()
        return work
    }

    /// Cancels what runs because the process is ending. It is no failure.
    func interrupt() {
        let task = state.withLock { state in
            if case .running = state.phase { state.phase = .cancelled(interrupted: true) }
            return state.task
        }
        task?.cancel()
    }
}

/// An execution over its time limit.
struct TimeLimitExceeded: Error, Sendable, CustomStringConvertible {
    let limit: Duration
    let isStillRunning: Bool

    var description: String {
        let text = "the handler took longer than \(limit.text)"
        return isStillRunning ? text + " and ignored its cancellation" : text
    }
}

extension Result {
    package var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
