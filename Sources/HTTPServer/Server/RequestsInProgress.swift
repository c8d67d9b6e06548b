import FlotillaHTTPRouting
import FlotillaModels
import Synchronization

/// Has requests with the same idempotency key wait for each other, so that the second finds the answer of the first.
final class RequestsInProgress: Sendable {
    /// A caller and its key.
    struct ID: Hashable {
        let caller: String
        let key: String
    }

    private struct Waiter {
        let number: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        /// Who waits for each request that is being worked on, the longest first.
        var waiters: [ID: [Waiter]] = [:]
        var count = 0
    }

    private let waitLimit: Duration
    private let state = Mutex(State())

    init(waitLimit: Duration = .seconds(2)) { self.waitLimit = waitLimit }

    /// Runs `body` once no other with the same id runs.
    ///
    /// - Throws: 409 when that takes too long.
    func run<Value>(_ id: ID?, _ body: () async throws(APIError) -> Value) async throws(APIError) -> Value {
        guard let id else { return try await body() }
        guard await enter(id) else { throw .requestInProgress }
        defer { leave(id) }
        return try await body()
    }

    private func enter(_ id: ID) async -> Bool {
        await withCheckedContinuation { continuation in
            let number = state.withLock { state -> Int? in
                guard state.waiters[id] != nil else {
                    state.waiters[id] = []
                    return nil
                }
                state.count += 1
                state.waiters[id]?.append(Waiter(number: state.count, continuation: continuation))
                return state.count
            }
            guard let number else { return continuation.resume(returning: true) }
            Task { [waitLimit] in
                try await Task.sleep(for: waitLimit)
                giveUp(id, number)
            }
        }
    }

    private func leave(_ id: ID) {
        let next = state.withLock { state -> Waiter? in
            guard let waiters = state.waiters[id], !waiters.isEmpty else {
                state.waiters[id] = nil
                return nil
            }
            return state.waiters[id]?.removeFirst()
        }
        next?.continuation.resume(returning: true)
    }

    private func giveUp(_ id: ID, _ number: Int) {
        let waiter = state.withLock { state -> Waiter? in
            guard let place = state.waiters[id]?.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters[id]?.remove(at: place)
        }
        waiter?.continuation.resume(returning: false)
    }
}

extension RequestsInProgress.ID {
    init?(_ call: Call) {
        guard let key = call.idempotencyKey else { return nil }
        self.init(caller: key.caller, key: key.text)
    }
}
