import FlotillaModels
import Synchronization

/// The permits to execute that the levels of one queue share in this process.
///
/// Whoever has got one gives it back once. Who gets the next, ``PermitShares`` decides.
final class SharedPermits: Sendable {
    private typealias Answer = (continuation: CheckedContinuation<Bool, Never>, isGranted: Bool)

    private struct State {
        var shares: PermitShares
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
        var nextWaiter = 0
        var isClosed = false

        mutating func grants() -> [Answer] {
            var answers: [Answer] = []
            while let waiter = shares.grant() {
                if let continuation = waiters.removeValue(forKey: waiter) { answers.append((continuation, true)) }
            }
            return answers
        }
    }

    private let state: Mutex<State>

    /// - Parameter count: how many executions there may be at a time.
    init(_ count: Int) { state = Mutex(State(shares: PermitShares(count))) }

    /// How many permits nobody has.
    var free: Int { state.withLock(\.shares.free) }

    /// How many wait for one.
    var waiting: Int { state.withLock(\.waiters.count) }

    /// Waits for a permit; false, and none, once this is closed or the task is cancelled.
    ///
    /// - Parameter returningOne: whether the caller has one, and gives it back when it is already among those who wait.
    func acquire(_ level: JobPriority, returningOne: Bool = false) async -> Bool {
        let waiter = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answers = state.withLock { state -> [Answer] in
                    if returningOne { state.shares.giveBack() }
                    // A cancellation from here on finds the waiter.
                    guard !state.isClosed, !Task.isCancelled else { return state.grants() + [(continuation, false)] }
                    state.waiters[waiter] = continuation
                    state.shares.ask(waiter, level)
                    return state.grants()
                }
                Self.give(answers)
            }
        } onCancel: {
            let continuation = state.withLock { state in
                state.shares.withdraw(waiter) ? state.waiters.removeValue(forKey: waiter) : nil
            }
            continuation?.resume(returning: false)
        }
    }

    func giveBack() {
        let answers = state.withLock { state in
            state.shares.giveBack()
            return state.grants()
        }
        Self.give(answers)
    }

    /// A permit was used for so many messages; 0 when there were none any more.
    func charge(_ level: JobPriority, messages: Int) {
        guard messages != 1 else { return }
        state.withLock { $0.shares.charge(level, messages: messages) }
    }

    /// Lets everybody go without a permit, now and from now on.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            for waiter in state.waiters.keys { _ = state.shares.withdraw(waiter) }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for continuation in waiting { continuation.resume(returning: false) }
    }

    private static func give(_ answers: [Answer]) {
        for answer in answers { answer.continuation.resume(returning: answer.isGranted) }
    }
}
