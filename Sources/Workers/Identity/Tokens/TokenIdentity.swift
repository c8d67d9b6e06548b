package import FlotillaHTTPRouting
import FlotillaPlatform

/// What a token that was found genuine says of its bearer.
package struct TokenIdentity: Sendable, Hashable {
    package var kind: Principal.Kind
    package var issuer: String
    package var subject: String
    /// `jti`, if it has one.
    package var id: String?
    /// SHA-256 of the token.
    package var digest: [UInt8]
    /// Seconds since 1970; `nil` when the token does not say.
    package var issuedAt: Int64?
    /// Whether nobody says when it was issued, and ``issuedAt`` is when the auth service has vouched for it.
    package var isUndated = false
    /// Seconds since 1970; `nil` when the token does not say.
    package var expiresAt: Int64?
    package var scopes: Set<Scope>
    package var grants: Grants

    package var principal: Principal {
        Principal(kind: kind, id: "\(issuer)#\(subject)", name: subject, scopes: scopes, grants: grants)
    }
}
