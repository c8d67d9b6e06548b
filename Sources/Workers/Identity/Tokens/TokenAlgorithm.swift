/// How a token is signed (RFC 7518, RFC 8037). There is no other, and none at all is no algorithm.
package enum TokenAlgorithm: String, Sendable, Hashable, CaseIterable {
    case hs256 = "HS256"
    case rs256 = "RS256"
    case edDSA = "EdDSA"

    /// - Parameter name: as in a header or a key; RFC 9864 calls EdDSA by its curve.
    init?(name: String) {
        switch name {
        case "HS256": self = .hs256
        case "RS256": self = .rs256
        case "EdDSA", "Ed25519": self = .edDSA
        default: return nil
        }
    }
}
