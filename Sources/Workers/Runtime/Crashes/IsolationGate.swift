import Synchronization

/// Lets messages run side by side, or one suspect (or one batch of suspects) by itself.
///
/// A suspect waits until what runs has ended, but no longer than `timeout`; and when the suspect itself takes
/// longer than `timeout`, the others go on beside it. So a slow suspect never stops a process.
final class IsolationGate: Sendable {
    private struct State {
        var running = 0
        var isClosed = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var idleWaiter: CheckedContinuation<Void, Never>?
        var isolationQueue: [CheckedContinuation<Void, Never>] = []
        var isIsolated = false
    }

    private let state = Mutex(State())
    private let timeout: Duration

    init(timeout: Duration = .seconds(1)) { self.timeout = timeout }

    /// Begins an ordinary execution; waits while a suspect runs alone.
    func enter() async {
        while true {
            let entered = state.withLock { state in
                if !state.isClosed { state.running += 1 }
                return !state.isClosed
            }
            if entered { return }
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if state.isClosed { state.waiters.append(continuation) }
                    return !state.isClosed
                }
                if isOpen { continuation.resume() }
            }
        }
    }

    /// Ends an ordinary execution.
    func leave() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.running -= 1
            guard state.running == 0 else { return nil }
            defer { state.idleWaiter = nil }
            return state.idleWaiter
        }
        waiter?.resume()
    }

    /// Runs `body` alone, one caller at a time.
    ///
    /// - Parameters:
    ///   - onTimeout: called when others go on beside `body` because it takes longer than the timeout.
    ///   - body: takes whether it starts alone.
    func isolate<Result: Sendable>(
        onTimeout: @escaping @Sendable () -> Void,
        _ body: (_ isAlone: Bool) async -> Result
    ) async -> Result {
        await beginIsolation()
        let isAlone = await waitUntilIdle()
        let timer = Task {
            try await Task.sleep(for: timeout)
            onTimeout()
            // From here on it counts as an ordinary execution. One that never ends keeps no other suspect waiting.
            state.withLock { $0.running += 1 }
            reopen()
            endIsolation()
        }
        let result = await body(isAlone)
        timer.cancel()
        if (try? await timer.value) != nil {
            leave()
        } else {
            reopen()
            endIsolation()
        }
        return result
    }

    private func beginIsolation() async {
        await withCheckedContinuation { continuation in
            let isMine = state.withLock { state in
                if state.isIsolated {
                    state.isolationQueue.append(continuation)
                    return false
                }
                state.isIsolated = true
                return true
            }
            if isMine { continuation.resume() }
        }
    }

    private func endIsolation() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isolationQueue.isEmpty else {
                state.isIsolated = false
                return nil
            }
            return state.isolationQueue.removeFirst()
        }
        next?.resume()
    }

    /// Closes the gate and waits for what runs; false when that took longer than the timeout.
    private func waitUntilIdle() async -> Bool {
        let isIdle = state.withLock { state in
            state.isClosed = true
            return state.running == 0
        }
        if isIdle { return true }
        let timer = Task {
            try await Task.sleep(for: timeout)
            state.withLock { state in
                defer { state.idleWaiter = nil }
                return state.idleWaiter
            }?.resume()
        }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.running > 0 { state.idleWaiter = continuation }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
        timer.cancel()
        return state.withLock { $0.running == 0 }
    }

    private func reopen() {
        let waiters = state.withLock { state in
            state.isClosed = false
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
