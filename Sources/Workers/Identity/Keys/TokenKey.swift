package import FlotillaPlatform

/// A key that checks signatures of one algorithm.
package struct TokenKey: Sendable {
    /// What RFC 7518 asks of a secret for HS256, in bytes.
    package static let shortestSecret = 32

    private enum Material: Sendable {
        case secret(KeyedDigest)
        case rsa(RSAPublicKey)
        case ed25519(VerificationKey)
    }

    package let algorithm: TokenAlgorithm
    private let material: Material

    /// - Returns: `nil` for a secret that is shorter than ``shortestSecret``.
    package init?(secret: [UInt8]) {
        guard secret.count >= Self.shortestSecret else { return nil }
        (algorithm, material) = (.hs256, .secret(KeyedDigest(key: secret)))
    }

    package init(_ key: RSAPublicKey) { (algorithm, material) = (.rs256, .rsa(key)) }

    package init(_ key: VerificationKey) { (algorithm, material) = (.edDSA, .ed25519(key)) }

    func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        switch material {
        case .secret(let secret): ConstantTime.areEqual(secret.digest(message), signature)
        case .rsa(let key): key.isValid(signature, of: message)
        case .ed25519(let key): key.isValid(signature, of: message)
        }
    }
}
