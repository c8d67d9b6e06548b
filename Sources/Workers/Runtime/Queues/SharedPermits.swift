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

/// Who gets the next permit to execute, where the levels of a queue share them: a state machine without a clock.
///
/// Of the levels for which somebody waits, the one whose next message begins first gets it (start-time fair queueing). A
/// message of the weight 16 moves its level on by 1, one of the weight 4 by 4, one of the weight 1 by 16. A level for which
/// nobody has waited begins where the others are: it has saved nothing, and owes nothing to them.
struct PermitShares {
    private struct Level {
        /// Where the next message begins.
        var next = 0
        /// The oldest first.
        var waiters: [Int] = []
    }

    private var levels: [JobPriority: Level] = [:]
    private(set) var free: Int
    /// Where the message began that was let through last.
    private var now = 0

    /// - Parameter permits: how many there are.
    init(_ permits: Int) { free = permits }

    /// Somebody waits from now on; ``grant()`` says when it is its turn.
    mutating func ask(_ waiter: Int, _ level: JobPriority) {
        var asked = levels[level] ?? Level()
        if asked.waiters.isEmpty { asked.next = max(asked.next, now) }
        asked.waiters.append(waiter)
        levels[level] = asked
    }

    /// Somebody waits no longer; false when it does not wait.
    mutating func withdraw(_ waiter: Int) -> Bool {
        for (level, asked) in levels {
            guard let place = asked.waiters.firstIndex(of: waiter) else { continue }
            levels[level]?.waiters.remove(at: place)
            return true
        }
        return false
    }

    mutating func giveBack() { free += 1 }

    /// Who has a permit from now on; `nil` when none is free, or nobody waits. To be asked until it is `nil`.
    mutating func grant() -> Int? {
        guard free > 0 else { return nil }
        let waiting = levels.filter { !$0.value.waiters.isEmpty }
        guard let first = waiting.min(by: { ($0.value.next, $0.key.stride) < ($1.value.next, $1.key.stride) }) else {
            return nil
        }
        free -= 1
        now = first.value.next
        levels[first.key]?.next += first.key.stride
        return levels[first.key]?.waiters.removeFirst()
    }

    /// A permit that was granted was for so many messages, not for one.
    mutating func charge(_ level: JobPriority, messages: Int) {
        levels[level]?.next += (messages - 1) * level.stride
    }
}

extension JobPriority {
    /// By how much a message moves its level on: the weights are 16, 4 and 1.
    fileprivate var stride: Int {
        switch self {
        case .low: 16
        case .normal: 4
        case .high: 1
        }
    }
}
