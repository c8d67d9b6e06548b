package import FlotillaPlatform

/// Where a service is that vouches for tokens and knows users, and how it is asked.
package struct AuthServiceConfiguration: Sendable {
    /// How tokens are checked there.
    package enum Check: Sendable, Hashable {
        /// `GET /api/auth/verify` with the token as its bearer would send it.
        case verify
        /// Token introspection (RFC 7662) at that path.
        case introspection(path: String)
    }

    /// Without a slash at the end.
    package var url: String
    package var check: Check
    package var timeout: Duration
    /// By which this fleet is known there, if it has to be.
    package var clientID: String?
    package var clientSecret: Secret?
    /// What a user may do whose answer names no scopes, by the user's roles.
    package var roles: RoleScopes
    /// A token that is for somebody else, by what the service says or else by the token itself, is refused.
    package var audience: String
    /// How far in the future a token may end: so long what is revoked by subject is remembered.
    package var longestLife: Duration

    package init(
        url: String,
        check: Check = .verify,
        timeout: Duration = .seconds(5),
        clientID: String? = nil,
        clientSecret: Secret? = nil,
        roles: RoleScopes = RoleScopes(),
        audience: String = "flotilla",
        longestLife: Duration = .seconds(30 * 86_400)
    ) {
        self.url = url
        self.check = check
        self.timeout = timeout
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.roles = roles
        self.audience = audience
        self.longestLife = longestLife
    }
}
