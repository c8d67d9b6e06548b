package import FlotillaPlatform

/// Opens tokens that one of its keys has sealed.
package struct TicketVerifier: Sendable {
    package enum Secret: Sendable {
        case ed25519(VerificationKey)
        /// 32 bytes.
        case hmac([UInt8])
    }

    package struct Key: Sendable {
        package let id: TicketKeyID
        let secret: Secret
        /// Microseconds since 1970, from when on its tokens are refused; `nil` for never.
        package let retiredAt: Int64?

        package init(id: TicketKeyID, _ secret: Secret, retiredAt: Int64? = nil) {
            self.id = id
            self.secret = secret
            self.retiredAt = retiredAt
        }
    }

    private let keys: [TicketKeyID: Key]

    package init(_ keys: [Key]) {
        self.keys = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first }
    }

    /// The token that the text holds.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Throws: `TicketTokenError`; one whose time has passed is reported only when the signature is genuine.
    package func open(_ text: String, at now: Int64) throws(TicketTokenError) -> TicketToken {
        guard let read = TicketToken.read(text) else { throw TicketTokenError(code: .malformed) }
        guard let key = keys[read.key] else { throw TicketTokenError(code: .unknownKey, key: read.key) }
        guard isGenuine(read, key) else { throw TicketTokenError(code: .forged, key: read.key) }
        if let end = key.retiredAt, end <= now {
            throw TicketTokenError(code: .retiredKey, key: read.key, token: read.token)
        }
        if let end = read.token.expiresAt, Int64(end) * 1_000_000 <= now {
            throw TicketTokenError(code: .expired, key: read.key, token: read.token)
        }
        return read.token
    }

    /// The key's algorithm decides, never the token's word alone.
    private func isGenuine(_ read: TicketToken.Unverified, _ key: Key) -> Bool {
        let message = TicketToken.domain + read.payload
        switch (key.secret, read.algorithm) {
        case (.ed25519(let key), .ed25519): return key.isValid(read.signature, of: message)
        case (.hmac(let secret), .hmac):
            return ConstantTime.areEqual(KeyedDigest(key: secret).digest(message), read.signature)
        case (.ed25519, .hmac), (.hmac, .ed25519): return false
        }
    }
}
