import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
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
        /// What the same task was to run after it, where that task has been given up.
        var waiting: [InboundMessage] = []
    }

    /// What to do after a step.
    enum StepResult: Sendable {
        case goOn
        /// The task has been cancelled: settle the work and go on in another task.
        case timedOut(Work)
        /// The job was cancelled: as after the time limit, but it is no failure.
        case cancelled(Work)
        /// The process is ending: leave what has no result unsettled.
        case interrupted(Work)
        /// The slot has been taken over, and the work with it: stop.
        case abandoned
    }

    private enum Phase {
        case idle
        case running
        case cancelled(Cause)
    }

    private enum Cause {
        case timeLimit, endOfProcess
        /// Somebody has cancelled the job.
        case request
    }

    private struct State {
        var generation = 0
        var phase = Phase.idle
        var deadline = ContinuousClock.now
        var work = Work(messages: [])
        var stepSize = 0
        var task: Task<Void, Never>?
        /// What the task of a generation is to run next; one that has been given up has nothing any more.
        var waiting: [Int: [InboundMessage]] = [:]
        /// What the task of this generation settles first.
        var handover: Work?
        /// Whether a permit is held, where slots share them. It stays with the slot when the slot is taken over, so that the
        /// task that serves it then is the one that gives it back.
        var hasPermit = false

        /// The job that the step under way is, unless it is a batch.
        var jobThatRunsAlone: String? {
            guard case .running = phase, stepSize == 1, work.results.count < work.messages.count else { return nil }
            return work.messages[work.results.count].job?.id
        }

        mutating func takeWork() -> Work {
            defer { work = Work(messages: []) }
            return work
        }
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
    ///
    /// - Parameter work: for ``takeHandover(_:)``. A task keeps what its closure captures for as long as it serves the slot,
    ///   so the work must not be part of it.
    func launch(settlingFirst work: Work? = nil, _ loop: @escaping @Sendable (_ generation: Int) async -> Void) {
        state.withLock { state in
            state.generation += 1
            state.phase = .idle
            state.handover = work
            let generation = state.generation
            state.task = Task { await loop(generation) }
        }
    }

    /// What the task was launched with, the first time it is asked for.
    func takeHandover(_ generation: Int) -> Work? {
        state.withLock { state in
            guard state.generation == generation else { return nil }
            return state.handover.take()
        }
    }

    /// Notes what is to be run after the next step; it must not stay with a handler that never ends.
    func keep(_ messages: [InboundMessage], _ generation: Int) {
        state.withLock { $0.waiting[generation] = messages.isEmpty ? nil : messages }
    }

    /// What was noted, unless the task has been given up.
    func takeKept(_ generation: Int) -> [InboundMessage] {
        state.withLock { $0.waiting.removeValue(forKey: generation) ?? [] }
    }

    /// The slot has got a permit to execute.
    func notePermit(_ generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.hasPermit = true }
        }
    }

    /// Whether there is a permit for the caller to give back: not for a task that has been given up, and only once.
    func takePermit(_ generation: Int) -> Bool {
        state.withLock { state in
            guard state.generation == generation, state.hasPermit else { return false }
            state.hasPermit = false
            return true
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
            case .cancelled(.request):
                state.phase = .idle
                state.work.results += results.map { _ in .failure(JobCancelled()) }
                return .cancelled(state.takeWork())
            case .cancelled(let cause):
                state.phase = .idle
                if cause == .endOfProcess {
                    // What ended well in spite of it is done; the rest is as if it had never started.
                    if results.allSatisfy(\.isSuccess) { state.work.results += results }
                    return .interrupted(state.takeWork())
                }
                state.work.results += results.map { result in
                    guard case .failure(let error) = result, DependencyOutage(error) == nil else { return result }
                    let wait = (error as? PostgresError)?.wait
                    return .failure(TimeLimitExceeded(limit: timeout, isStillRunning: false, wait: wait))
                }
                return .timedOut(state.takeWork())
            }
        }
    }

    /// The results of the whole work, which is thereby handed over.
    func finish(_ generation: Int) -> Work? {
        state.withLock { state in
            state.generation == generation ? state.takeWork() : nil
        }
    }

    /// Enforces the time limit; called every so often from outside.
    ///
    /// - Returns: the work of a handler that has just been given up, for the caller to settle and to launch anew.
    func enforce(_ now: ContinuousClock.Instant) -> Work? {
        let (task, work) = state.withLock { state -> (Task<Void, Never>?, Work?) in
            guard now >= state.deadline else { return (nil, nil) }
            switch state.phase {
            case .idle, .cancelled(.endOfProcess): return (nil, nil)
            case .running:
                state.phase = .cancelled(.timeLimit)
                state.deadline = now + cancellationTimeout
                return (state.task, nil)
            case .cancelled(let cause):
                var work = state.takeWork()
                let error: any Error =
                    cause == .request ? JobCancelled() : TimeLimitExceeded(limit: timeout, isStillRunning: true)
                work.results += Array(repeating: .failure(error), count: state.stepSize)
                work.waiting = state.waiting.removeValue(forKey: state.generation) ?? []
                state.generation += 1
                state.phase = .idle
                return (nil, work)
            }
        }
        task?.cancel()
        return work
    }

    /// Cancels the handler of one of the jobs, if it runs alone; it is given up when it has not ended in time.
    ///
    /// One in a batch goes on with the others: its effect is refused.
    func cancel(_ jobs: [String: Duration]) {
        let task = state.withLock { state -> Task<Void, Never>? in
            guard case .running = state.phase, let id = state.jobThatRunsAlone, let limit = jobs[id] else { return nil }
            state.phase = .cancelled(.request)
            state.deadline = .now + limit
            return state.task
        }
        task?.cancel()
    }

    var runsJob: Bool { state.withLock { $0.jobThatRunsAlone != nil } }

    /// Cancels what runs because the process is ending. It is no failure.
    func interrupt() {
        let task = state.withLock { state in
            if case .running = state.phase { state.phase = .cancelled(.endOfProcess) }
            return state.task
        }
        task?.cancel()
    }
}

/// What becomes of an execution whose job was cancelled meanwhile.
struct JobCancelled: Error {}

/// An execution over its time limit.
struct TimeLimitExceeded: Error, Sendable, CustomStringConvertible {
    let limit: Duration
    let isStillRunning: Bool
    /// What Postgres was doing for it at that moment; `nil` when it had nothing to do.
    var wait: PostgresError.Wait?

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
