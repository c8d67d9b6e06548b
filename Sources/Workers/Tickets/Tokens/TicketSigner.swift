package import FlotillaPlatform

/// Seals tokens with one key.
package struct TicketSigner: Sendable {
    package enum Secret: Sendable {
        case ed25519(SigningKey)
        /// 32 bytes.
        case hmac([UInt8])
    }

    package let key: TicketKeyID
    package let algorithm: TicketAlgorithm
    private let secret: Secret

    package init(key: TicketKeyID, _ secret: Secret) {
        self.key = key
        self.secret = secret
        switch secret {
        case .ed25519: algorithm = .ed25519
        case .hmac: algorithm = .hmac
        }
    }

    /// The token as text; the same token always has the same.
    package func seal(_ token: TicketToken) -> String {
        let payload = token.payload(algorithm: algorithm, key: key.bytes)
        let message = TicketToken.domain + payload
        switch secret {
        case .ed25519(let key): return Base32.encode(payload + key.signature(of: message))
        case .hmac(let secret): return Base32.encode(payload + KeyedDigest(key: secret).digest(message))
        }
    }
}
