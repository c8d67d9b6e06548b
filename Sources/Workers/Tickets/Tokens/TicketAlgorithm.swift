/// How tokens are signed.
package enum TicketAlgorithm: String, Sendable, CaseIterable {
    /// RFC 8032: whoever checks needs the public key only.
    case ed25519
    /// RFC 2104: shorter tokens, but whoever checks could also sign.
    case hmac = "hmac-sha256"

    /// In the lower half of a token's first byte.
    var code: UInt8 {
        switch self {
        case .ed25519: 1
        case .hmac: 2
        }
    }

    var signatureLength: Int {
        switch self {
        case .ed25519: 64
        case .hmac: 32
        }
    }
}
