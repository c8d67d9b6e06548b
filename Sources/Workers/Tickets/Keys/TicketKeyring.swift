import Synchronization

/// The keys of a process, read again every few seconds, so that a rotation reaches it without a restart.
package final class TicketKeyring: Sendable {
    /// How long keys are used before they are read again; a forged key id costs no query before that.
    private static let memory = Duration.seconds(5)

    private let keys: TicketKeys
    private let remembered = Mutex<(verifier: TicketVerifier, until: ContinuousClock.Instant)?>(nil)

    package init(_ keys: TicketKeys) { self.keys = keys }

    /// What opens tokens now.
    ///
    /// - Throws: `PostgresError`; `TicketKeyError` when a secret can't be opened.
    package func verifier() async throws -> TicketVerifier {
        if let known = remembered.withLock({ $0 }), known.until > .now { return known.verifier }
        let verifier = try await keys.verifier()
        remembered.withLock { $0 = (verifier, .now + Self.memory) }
        return verifier
    }
}
