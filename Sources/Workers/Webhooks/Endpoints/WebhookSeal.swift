package import FlotillaPlatform

/// Keeps endpoints' secrets unreadable in the database: sealed with a master key, each for its endpoint alone.
package struct WebhookSeal: Sendable {
    private static let seal = SecretSeal(purpose: "flotilla.webhook.1")

    private let masters: MasterKeyring

    package init(_ masters: MasterKeyring) { self.masters = masters }

    /// The key that seals now.
    var master: String { masters.current.id }

    /// - Returns: the sealed secrets, and the id of the one key that sealed them all.
    func seal(_ secrets: [WebhookSecret], of endpoint: String) -> (sealed: [[UInt8]], master: String) {
        let key = masters.current
        return (secrets.map { Self.seal.seal($0.key, of: endpoint, by: key) }, key.id)
    }

    /// - Throws: `MasterKeyError` when nobody here has the key, or it does not fit.
    @inline(never)  // Inlined into an asynchronous function it crashes the optimizer of Swift 6.3.1.
    func open(_ sealed: [UInt8], of endpoint: String, by master: String) throws -> WebhookSecret {
        let key = try masters.key(master)
        return WebhookSecret(
            key: try Self.seal.open(sealed, of: endpoint, by: key, as: "the secret of webhook endpoint \(endpoint)")
        )
    }
}
