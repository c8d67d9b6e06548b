extension Broker {
    /// Runs `body`, and closes the broker however it ends.
    package func closing<R: Sendable>(after body: () async throws -> R) async throws -> R {
        let result: Result<R, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await close()
        return try result.get()
    }
}
