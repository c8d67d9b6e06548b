import FlotillaPlatform

/// Says whose a token is, revoked or not: a JSON Web Token is checked here if there are keys for them, everything else by
/// the auth service if there is one.
struct TokenIdentification: Sendable {
    let checker: TokenChecker?
    let service: AuthServiceClient?

    /// - Parameter now: in microseconds since 1970.
    /// - Throws: `TokenRefusal` for a token that is not valid; `TokenKeysUnavailable` or `AuthServiceError` when that can't be
    ///   found out.
    func identity(of token: String, at now: Int64 = WallClock.microseconds()) async throws -> TokenIdentity {
        if let checker, service == nil || JSONWebToken.isLikely(token) {
            return try await checker.check(token, at: now)
        }
        if let service { return try await service.verify(token) }
        throw TokenRefusal(.unknown, "is of a kind that is not taken here")
    }
}
