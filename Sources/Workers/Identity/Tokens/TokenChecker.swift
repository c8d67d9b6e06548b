import FlotillaModels
import FlotillaPlatform

/// Checks JSON Web Tokens with the keys of this process.
package struct TokenChecker: Sendable {
    package let rules: TokenRules
    /// Checks tokens that name no key; `JWT_SECRET`.
    private let secret: TokenKey?
    private let keys: (any TokenKeySource)?

    package init(_ rules: TokenRules, secret: TokenKey? = nil, keys: (any TokenKeySource)? = nil) {
        self.rules = rules
        self.secret = secret
        self.keys = keys
    }

    /// - Parameter now: in microseconds since 1970.
    /// - Throws: `TokenRefusal`, or `TokenKeysUnavailable`.
    package func check(_ text: String, at now: Int64 = WallClock.microseconds()) async throws -> TokenIdentity {
        let token = try JSONWebToken(text)
        return try check(token, of: text, with: try await key(for: token), at: now)
    }

    /// Whether it would be accepted, by the keys that are here without asking anybody.
    ///
    /// - Parameter now: in microseconds since 1970.
    package func isGenuine(_ text: String, at now: Int64) -> Bool {
        guard let token = try? JSONWebToken(text) else { return false }
        let key = token.keyName == nil && secret != nil ? secret : keys?.knownKey(token.keyName)
        return (try? check(token, of: text, with: key, at: now)) != nil
    }

    private func check(
        _ token: JSONWebToken,
        of text: String,
        with key: TokenKey?,
        at now: Int64
    ) throws(TokenRefusal) -> TokenIdentity {
        guard let key else {
            throw TokenRefusal(.key, "is of a key that is not known here")
        }
        // A key is for one algorithm, whatever the token says: a public key is never taken for a shared secret.
        guard key.algorithm == token.algorithm else {
            throw TokenRefusal(.algorithm, "is signed by \(token.algorithm.rawValue), its key is for another algorithm")
        }
        guard key.isValid(token.signature, of: token.signedText) else {
            throw TokenRefusal(.signature, "has a signature that is not its key's")
        }
        return try rules.identity(token.claims, digest: SHA256.digest(text), at: now)
    }

    private func key(for token: JSONWebToken) async throws -> TokenKey? {
        if token.keyName == nil, let secret { return secret }
        return try await keys?.key(token.keyName)
    }
}
