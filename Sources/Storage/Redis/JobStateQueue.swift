import FlotillaModels
import Synchronization

/// Changes of job states on their way to Redis. Whoever reports one goes on at once; they arrive in order.
///
/// While Redis is slow or silent, up to `limit` wait. What comes then is counted and forgotten, as what Redis refuses is.
package final class JobStateQueue: Sendable {
    private struct State {
        var waiting: [JobStateChange] = []
        var isSending = false
    }

    /// How many go with one round trip.
    private static let step = 256

    private let states: JobStates
    private let limit: Int
    private let state = Mutex(State())

    package init(_ states: JobStates, limit: Int = 10_000) {
        self.states = states
        self.limit = limit
    }

    package func add(_ changes: [JobStateChange]) {
        let (accepted, mustSend) = state.withLock { state in
            let room = changes.prefix(max(0, limit - state.waiting.count))
            guard !room.isEmpty else { return (0, false) }
            state.waiting += room
            defer { state.isSending = true }
            return (room.count, !state.isSending)
        }
        if accepted < changes.count { states.failed(changes.count - accepted) }
        if mustSend { Task { await send() } }
    }

    /// Waits until what has been added is with Redis, at most for `limit`.
    package func finish(within limit: Duration = .seconds(1)) async {
        let deadline = ContinuousClock.now + limit
        while state.withLock(\.isSending), .now < deadline { try? await Task.sleep(for: .milliseconds(2)) }
    }

    private func send() async {
        while true {
            let changes = state.withLock { state in
                let changes = Array(state.waiting.prefix(Self.step))
                state.waiting.removeFirst(changes.count)
                state.isSending = !changes.isEmpty
                return changes
            }
            guard !changes.isEmpty else { return }
            await states.update(changes)
        }
    }
}
