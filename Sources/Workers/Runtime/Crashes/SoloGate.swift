import Synchronization

/// Lets messages run side by side, or one suspect (or one batch of suspects) by itself.
///
/// A suspect waits until what runs has ended, but no longer than `patience`; and when the suspect itself takes
/// longer than `patience`, the others go on beside it. So a slow suspect never stops a process.
final class SoloGate: Sendable {
    private struct State {
        var running = 0
        var isClosed = false
        var waiters: [CheckedContinuation<Void, Never>] = []
        var idleWaiter: CheckedContinuation<Void, Never>?
        var soloQueue: [CheckedContinuation<Void, Never>] = []
        var isSoloTaken = false
    }

    private let state = Mutex(State())
    private let patience: Duration

    init(patience: Duration = .seconds(1)) { self.patience = patience }

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
    ///   - onCompany: called when others go on beside `body` because it takes long.
    ///   - body: is told whether it starts alone.
    func solo<Result: Sendable>(
        onCompany: @escaping @Sendable () -> Void,
        _ body: (_ isAlone: Bool) async -> Result
    ) async -> Result {
        await takeSolo()
        let isAlone = await waitUntilIdle()
        let company = Task {
            try await Task.sleep(for: patience)
            onCompany()
            // From here on it counts as an ordinary execution. One that never ends keeps no other suspect waiting.
            state.withLock { $0.running += 1 }
            reopen()
            passSolo()
        }
        let result = await body(isAlone)
        company.cancel()
        if (try? await company.value) != nil {
            leave()
        } else {
            reopen()
            passSolo()
        }
        return result
    }

    private func takeSolo() async {
        await withCheckedContinuation { continuation in
            let isMine = state.withLock { state in
                if state.isSoloTaken {
                    state.soloQueue.append(continuation)
                    return false
                }
                state.isSoloTaken = true
                return true
            }
            if isMine { continuation.resume() }
        }
    }

    private func passSolo() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.soloQueue.isEmpty else {
                state.isSoloTaken = false
                return nil
            }
            return state.soloQueue.removeFirst()
        }
        next?.resume()
    }

    /// Closes the gate and waits for what runs; false when that took longer than the patience.
    private func waitUntilIdle() async -> Bool {
        let isIdle = state.withLock { state in
            state.isClosed = true
            return state.running == 0
        }
        if isIdle { return true }
        let timer = Task {
            try await Task.sleep(for: patience)
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
