/// Why a token is refused.
package struct TicketTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// It is no token, or not written as one is.
        case malformed
        /// Nobody here has the key that it names.
        case unknownKey = "unknown_key"
        /// Its key has been retired.
        case retiredKey = "retired_key"
        /// Its key has not signed it.
        case forged
        /// Its own time has passed.
        case expired
    }

    package let code: Code
    /// The key that it names.
    package let key: TicketKeyID?
    /// What it says, when the signature is genuine all the same.
    package let token: TicketToken?

    init(code: Code, key: TicketKeyID? = nil, token: TicketToken? = nil) {
        self.code = code
        self.key = key
        self.token = token
    }

    package var description: String {
        let key = key.map { " \($0)" } ?? ""
        return switch code {
        case .malformed: "this is no ticket token"
        case .unknownKey: "the token's key\(key) is not known here"
        case .retiredKey: "the token's key\(key) is retired"
        case .forged: "the token is forged: its key\(key) has not signed it"
        case .expired: "the token has expired"
        }
    }
}
