import Synchronization

/// A few threads for calls that may block for long, such as those on the files of a network volume. On the shared pool of
/// threads such a call would keep all tasks of a small machine waiting.
///
/// A call runs on whichever thread is free, so that one that does not return holds up no other as long as one is.
package final class BlockingCalls: Sendable {
    private struct State {
        /// The one that has been idle for longest comes first.
        var idle: [ThreadExecutor]
        var waiting: [@Sendable () -> Void] = []
    }

    private let threads: [ThreadExecutor]
    private let state: Mutex<State>

    /// - Parameter name: of the threads; the kernel keeps the first 15 bytes.
    package init(name: String, threads: Int) {
        self.threads = (0..<threads).map { _ in ThreadExecutor(name: name) }
        state = Mutex(State(idle: self.threads))
    }

    deinit { for thread in threads { thread.stop() } }

    /// Calls `body` on one of the threads, after the calls that wait already.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            start {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private func start(_ call: @escaping @Sendable () -> Void) {
        let thread = state.withLock { state -> ThreadExecutor? in
            guard state.idle.isEmpty else { return state.idle.removeFirst() }
            state.waiting.append(call)
            return nil
        }
        guard let thread else { return }
        thread.run {
            call()
            while let next = self.next(for: thread) { next() }
        }
    }

    /// The call that has waited for longest; without one, the thread is idle.
    private func next(for thread: ThreadExecutor) -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.idle.append(thread)
            return nil
        }
    }
}
