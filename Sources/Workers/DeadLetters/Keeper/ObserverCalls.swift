import FlotillaStorage
import Synchronization
import Workers

/// Tells the observers of dead letters, each within a time limit.
///
/// An observer that took too long is left out until ``tell(_:isRetry:)`` as a retry gets an answer of it. One that does
/// not even end when it is cancelled is not called while it runs.
final class ObserverCalls: Sendable {
    private enum Answer: Sendable {
        case done
        case refused(PostgresError)
        case late
    }

    private struct State {
        /// How many calls of each observer run, by its place in the list. What is new and what is tried again may come to
        /// it at the same time.
        var running: [Int: Int] = [:]
        var lateSince: [Int: ContinuousClock.Instant] = [:]
    }

    /// How long a late observer is left alone before a retry calls it.
    private static let rest = Duration.seconds(5)

    private let observers: [any DeadLetterObserver]
    private let store: DeadLetterStore
    private let eventExchange: String
    private let timeout: Duration
    private let state = Mutex(State())

    init(_ observers: [any DeadLetterObserver], _ store: DeadLetterStore, eventExchange: String, timeout: Duration) {
        self.observers = observers
        self.store = store
        self.eventExchange = eventExchange
        self.timeout = timeout
    }

    /// Lets each observer do what is to be done about the dead letters of its queues. What one refuses it gets once more
    /// alone, and no other observer waits for it.
    ///
    /// - Returns: the places of the dead letters that an observer has still to be told of, and why.
    /// - Throws: when Postgres is out or the task is cancelled; some observers may have been told then.
    func tell(_ deadLetters: [DeadLetter], isRetry: Bool) async throws(PostgresError) -> [Int: String] {
        var left: [Int: String] = [:]
        for number in observers.indices {
            let concerned = deadLetters.indices.filter { observers[number].queues.contains(deadLetters[$0].queue) }
            guard !concerned.isEmpty else { continue }
            var groups = [concerned]
            while let group = groups.popLast() {
                if let problem = unanswered(number, isRetry: isRetry) {
                    for place in group { left[place] = problem }
                    continue
                }
                switch await call(number, group.map { deadLetters[$0] }) {
                case .done: break
                case .late: groups.append(group)
                case .refused(let error):
                    if error.isOutage || Task.isCancelled { throw error }
                    if group.count == 1 { left[group[0]] = "\(error)" } else { groups += group.map { [$0] } }
                }
            }
        }
        return left
    }

    /// Why the observer is not to be called now.
    private func unanswered(_ number: Int, isRetry: Bool) -> String? {
        let isLeftOut = state.withLock { state in
            guard let late = state.lateSince[number] else { return false }
            return !isRetry || state.running[number, default: 0] > 0 || .now - late < Self.rest
        }
        guard isLeftOut else { return nil }
        return "\(type(of: observers[number])) took longer than \(timeout)"
    }

    private func call(_ number: Int, _ deadLetters: [DeadLetter]) async -> Answer {
        let answer = FirstValue<Answer>()
        state.withLock { $0.running[number, default: 0] += 1 }
        let work = Task {
            let result: Answer
            do throws(PostgresError) {
                try await store.tell(observers[number], of: deadLetters.map(\.deadMessage), eventExchange)
                result = .done
            } catch {
                result = .refused(error)
            }
            state.withLock { state in
                state.running[number, default: 0] -= 1
                if case .done = result { state.lateSince[number] = nil }
            }
            answer.give(result)
        }
        let timer = Task {
            guard (try? await Task.sleep(for: timeout)) != nil else { return }
            state.withLock { $0.lateSince[number] = .now }
            // Before the cancellation, whose error is no answer.
            answer.give(.late)
            work.cancel()
        }
        let first = await withTaskCancellationHandler {
            await answer.value
        } onCancel: {
            work.cancel()
            answer.give(
                .refused(PostgresError(code: .cancelled, operation: "tell an observer", detail: "the keeper is ending"))
            )
        }
        timer.cancel()
        return first
    }
}

/// A value that is waited for by one task; the first one given counts.
private final class FirstValue<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var continuation: CheckedContinuation<Value, Never>?
    }

    private let state = Mutex(State())

    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value = state.withLock { state in
                    if state.value == nil { state.continuation = continuation }
                    return state.value
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }

    func give(_ value: Value) {
        let continuation = state.withLock { state -> CheckedContinuation<Value, Never>? in
            guard state.value == nil else { return nil }
            state.value = value
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(returning: value)
    }
}
