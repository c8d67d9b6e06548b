import FlotillaModels
import FlotillaPlatform

/// Which token is to be revoked, and when it ends by itself.
///
/// A token is not checked for that: whoever may revoke tokens may name any `jti` as well.
struct RevocationTarget: Sendable, Hashable {
    /// A `jti`, or the name of a token's digest.
    let name: String
    /// Seconds since 1970; `nil` when nobody says.
    let expiresAt: Int64?

    init(name: String, expiresAt: Int64?) { (self.name, self.expiresAt) = (name, expiresAt) }

    init(token: String) {
        let claims = (try? JSONWebToken(token))?.claims
        let id = claims.flatMap { try? TokenRules.identifier($0, "jti", .claim) }
        self.init(
            name: id ?? Revocations.name(ofDigest: SHA256.digest(token)),
            expiresAt: claims?["exp"]?.numericDate
        )
    }
}
