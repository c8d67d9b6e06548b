import Models
import Synchronization

/// One place in which a handler runs, again and again: `concurrency` of them make a queue's parallelism.
///
/// It carries the time limit. A handler that exceeds it is cancelled; one that ignores that for `grace` is given
/// up, and the slot goes on without it. Whatever it does later meets the inbox.
final class ExecutionSlot: Sendable {
    typealias Results = [Result<Outcome, any Error>]

    enum End: Sendable {
        case finished(Results)
        /// Over the time limit; `isStillRunning` when even the cancellation did not end it.
        case timedOut(isStillRunning: Bool)
        /// Cancelled by a drain that could wait no longer.
        case interrupted
    }

    private enum Phase {
        case idle
        case running
        case cancelled(interrupted: Bool)
    }

    private struct State {
        var phase = Phase.idle
        var generation = 0
        var deadline = ContinuousClock.now
        var task: Task<Void, Never>?
        var continuation: CheckedContinuation<End, Never>?

        mutating func reset() {
            phase = .idle
            task = nil
            continuation = nil
        }
    }

    private let state = Mutex(State())
    private let timeout: Duration
    private let grace: Duration

    init(timeout: Duration, grace: Duration = .seconds(5)) {
        self.timeout = timeout
        self.grace = grace
    }

    func run(_ operation: @escaping @Sendable () async -> Results) async -> End {
        await withCheckedContinuation { continuation in
            let generation = state.withLock { state in
                state.generation += 1
                state.phase = .running
                state.deadline = .now + timeout
                state.continuation = continuation
                return state.generation
            }
            let task = Task { self.finish(await operation(), of: generation) }
            state.withLock { state in
                if state.generation == generation, state.continuation != nil { state.task = task }
            }
        }
    }

    /// Enforces the time limit; called every so often from outside.
    ///
    /// - Returns: true when a handler that does not end has just been given up.
    func enforce(_ now: ContinuousClock.Instant) -> Bool {
        let (task, abandoned) = state.withLock { state -> (Task<Void, Never>?, CheckedContinuation<End, Never>?) in
            guard now >= state.deadline else { return (nil, nil) }
            switch state.phase {
            case .idle: return (nil, nil)
            case .running:
                state.phase = .cancelled(interrupted: false)
                state.deadline = now + grace
                return (state.task, nil)
            case .cancelled:
                defer { state.reset() }
                return (nil, state.continuation)
            }
        }
        task?.cancel()
        abandoned?.resume(returning: .timedOut(isStillRunning: true))
        return abandoned != nil
    }

    /// Cancels what runs because the process is ending. It is no failure.
    func interrupt() {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard case .running = state.phase else { return nil }
            state.phase = .cancelled(interrupted: true)
            state.deadline = .now + grace
            return state.task
        }
        task?.cancel()
    }

    private func finish(_ results: Results, of generation: Int) {
        let (continuation, phase) = state.withLock { state in
            guard state.generation == generation else { return (CheckedContinuation<End, Never>?.none, Phase.idle) }
            defer { state.reset() }
            return (state.continuation, state.phase)
        }
        switch phase {
        case .idle, .running: continuation?.resume(returning: .finished(results))
        case .cancelled(let interrupted):
            if results.allSatisfy(\.isSuccess) {
                continuation?.resume(returning: .finished(results))
            } else {
                continuation?.resume(returning: interrupted ? .interrupted : .timedOut(isStillRunning: false))
            }
        }
    }
}

extension Result {
    var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
