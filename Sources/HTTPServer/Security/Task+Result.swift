import Synchronization

extension Task where Success: Sendable, Failure == any Error {
    /// The task's result, or `nil` when it has none within `limit`; the task goes on then.
    func result(within limit: Duration) async -> Result<Success, any Error>? {
        await withCheckedContinuation { continuation in
            let first = First(continuation)
            let timer = Task<Void, Never> {
                guard (try? await Task<Never, Never>.sleep(for: limit)) != nil else { return }
                first.resume(nil)
            }
            Task<Void, Never> {
                first.resume(await self.result)
                timer.cancel()
            }
        }
    }
}

/// Resumes a continuation with the first value, and ignores the others.
private final class First<Value: Sendable>: Sendable {
    private let continuation: Mutex<CheckedContinuation<Value, Never>?>

    init(_ continuation: CheckedContinuation<Value, Never>) { self.continuation = Mutex(continuation) }

    func resume(_ value: Value) { continuation.withLock { $0.take() }?.resume(returning: value) }
}
