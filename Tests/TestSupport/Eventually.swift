/// Polls until the condition holds.
///
/// - Throws: `TestSetupError` that says what did not come, after `limit`.
package func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    every interval: Duration = .milliseconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard .now < deadline else { throw TestSetupError(description: "not within \(limit): \(what)") }
        try await Task.sleep(for: interval)
    }
}

/// What keeps a test from being carried out, or a condition that did not come about.
package struct TestSetupError: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}
