package import FlotillaHTTPRouting

/// What is stored of an API key. Times are microseconds since 1970.
package struct APIKeyRecord: Sendable, Hashable {
    package var id: String
    /// What it is for, as its maker named it.
    package var name: String
    package var secretHash: [UInt8]
    package var scopes: Set<Scope>
    package var grants: Grants = .standard
    package var createdAt: Int64
    package var expiresAt: Int64?
    package var revokedAt: Int64?
    /// To about a minute; `nil` for a key that was never used.
    package var lastUsedAt: Int64?

    package func isValid(at now: Int64) -> Bool { revokedAt == nil && (expiresAt ?? .max) > now }
}
