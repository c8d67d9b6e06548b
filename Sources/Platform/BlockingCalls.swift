import Synchronization

/// A few threads for calls that may block for long, such as those on the files of a network volume. On the shared pool of
/// threads such a call would keep all tasks of a small machine waiting.
package final class BlockingCalls: Sendable {
    private let threads: [ThreadExecutor]
    private let turn = Atomic<Int>(0)

    /// - Parameter name: of the threads; the kernel keeps the first 15 bytes.
    package init(name: String, threads: Int) {
        self.threads = (0..<threads).map { _ in ThreadExecutor(name: name) }
    }

    deinit { for thread in threads { thread.stop() } }

    /// Calls `body` on one of the threads.
    package func run<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let thread = threads[turn.add(1, ordering: .relaxed).oldValue % threads.count]
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            thread.run {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
