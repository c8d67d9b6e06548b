import FlotillaPlatform

/// A checkpoint as it is kept: its statement with a signature.
package struct SignedCheckpoint: Sendable, Hashable {
    package let statement: String
    package let keyID: String
    package let signature: [UInt8]

    package init(statement: String, keyID: String, signature: [UInt8]) {
        (self.statement, self.keyID, self.signature) = (statement, keyID, signature)
    }

    init(_ checkpoint: AuditCheckpoint, by key: SigningKey) {
        self.init(
            statement: checkpoint.statement,
            keyID: key.publicKey.id,
            signature: key.signature(of: Array(checkpoint.statement.utf8))
        )
    }

    /// SHA-256 of the statement, which the next checkpoint names.
    var digest: [UInt8] { SHA256.digest(statement) }

    /// What it says, if one of the keys has signed it; `nil` otherwise.
    func opened(with keys: [VerificationKey]) -> AuditCheckpoint? {
        let message = Array(statement.utf8)
        guard keys.contains(where: { $0.id == keyID && $0.isValid(signature, of: message) }) else { return nil }
        return AuditCheckpoint(statement: statement)
    }
}
