import Synchronization

/// The keys of a process, read again every few seconds, so that a rotation reaches it without a restart.
package final class TicketKeyring: Sendable {
    /// How long keys are used before they are read again; a forged key id costs no query before that.
    private static let memory = Duration.seconds(5)

    /// How old they may be when a token names a key that is not among them: it may have been made a moment ago.
    private let freshness: Duration

    private let keys: TicketKeys
    private let remembered = Mutex<(verifier: TicketVerifier, at: ContinuousClock.Instant)?>(nil)

    package init(_ keys: TicketKeys, freshness: Duration = .seconds(1)) {
        self.keys = keys
        self.freshness = freshness
    }

    /// What opens tokens now.
    ///
    /// - Parameter isForUnknownKey: a token names a key that was not among them.
    /// - Throws: `PostgresError`; `TicketKeyError` when a secret can't be opened.
    package func verifier(isForUnknownKey: Bool = false) async throws -> TicketVerifier {
        let age = isForUnknownKey ? freshness : Self.memory
        if let known = remembered.withLock({ $0 }), known.at + age > .now { return known.verifier }
        let now = ContinuousClock.now
        let verifier = try await keys.verifier()
        remembered.withLock { $0 = (verifier, now) }
        return verifier
    }
}
