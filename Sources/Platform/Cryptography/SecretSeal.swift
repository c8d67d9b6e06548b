/// Seals secrets with a master key, each for one purpose and one owner: none can be taken for that of another.
package struct SecretSeal: Sendable {
    private let purpose: String

    /// - Parameter purpose: what the secrets are for, with a version: `flotilla.webhook.1`. It is part of every sealed
    ///   secret, so it must never change.
    package init(purpose: String) { self.purpose = purpose }

    package func seal(_ secret: [UInt8], of owner: String, by key: MasterKeys.Key) -> [UInt8] {
        key.cipher.seal(secret, context: context(owner))
    }

    /// - Parameter what: the secret, as an error is to call it: `ticket key k1`.
    /// - Throws: `MasterKeyError` with the code `wrongKey`.
    package func open(
        _ sealed: [UInt8],
        of owner: String,
        by key: MasterKeys.Key,
        as what: String
    ) throws(MasterKeyError) -> [UInt8] {
        guard let secret = key.cipher.open(sealed, context: context(owner)) else {
            throw MasterKeyError(
                code: .wrongKey,
                operation: "open \(what)",
                detail: "master key \(key.id) does not open \(what)"
            )
        }
        return secret
    }

    private func context(_ owner: String) -> [UInt8] { Array("\(purpose)\u{0}\(owner)".utf8) }
}
