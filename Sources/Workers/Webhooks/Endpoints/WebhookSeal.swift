import Platform

/// Keeps endpoints' secrets unreadable in the database: sealed with a master key, each for its endpoint alone.
package struct WebhookSeal: Sendable {
    private let masters: MasterKeyring

    package init(_ masters: MasterKeyring) { self.masters = masters }

    /// The key that seals now.
    var master: String { masters.current.id }

    /// - Returns: the sealed secrets, and the id of the one key that sealed them all.
    func seal(_ secrets: [WebhookSecret], of endpoint: String) -> (sealed: [[UInt8]], master: String) {
        let key = masters.current
        return (secrets.map { key.cipher.seal($0.key, context: Self.context(endpoint)) }, key.id)
    }

    /// - Throws: `AuditError` when nobody here has the key, or it does not fit.
    func open(_ sealed: [UInt8], of endpoint: String, by master: String) throws -> WebhookSecret {
        guard let key = try masters.key(master).cipher.open(sealed, context: Self.context(endpoint)) else {
            throw AuditError(
                code: .wrongKey,
                operation: "open the secret of webhook endpoint \(endpoint)",
                detail: "master key \(master) does not open the secret of webhook endpoint \(endpoint)",
                isRetriable: false
            )
        }
        return WebhookSecret(key: key)
    }

    private static func context(_ endpoint: String) -> [UInt8] { Array("flotilla.webhook.1\u{0}\(endpoint)".utf8) }
}
