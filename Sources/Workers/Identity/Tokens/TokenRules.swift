import FlotillaModels
import FlotillaHTTPRouting

/// What the claims of a token have to be (RFC 7519; RFC 8725, sections 3.8 to 3.12; RFC 9068).
package struct TokenRules: Sendable {
    /// By how much the clocks of issuer and fleet may differ, in seconds.
    package static let skew: Int64 = 60

    /// `iss` has to be this.
    package let issuer: String
    /// `aud` has to be this, or a list that has it.
    package let audience: String
    /// How far in the future a token may end: so long what is revoked by subject is remembered.
    package let longestLife: Duration

    package init(issuer: String, audience: String, longestLife: Duration = .seconds(30 * 86_400)) {
        self.issuer = issuer
        self.audience = audience
        self.longestLife = longestLife
    }

    /// - Parameters:
    ///   - digest: of the whole token.
    ///   - now: in microseconds since 1970.
    func identity(_ claims: JSONValue, digest: [UInt8], at now: Int64) throws(TokenRefusal) -> TokenIdentity {
        guard claims["iss"]?.text == issuer else { throw TokenRefusal(.issuer, "is of another issuer than \(issuer)") }
        guard claims["aud"]?.textOrTexts?.contains(audience) == true else {
            throw TokenRefusal(.audience, "is not for the audience \(audience)")
        }
        let subject = try Self.identifier(claims, "sub", .subject)
        guard let subject else { throw TokenRefusal(.subject, "has no sub") }
        let id = try Self.identifier(claims, "jti", .claim)
        let (issuedAt, expiresAt) = try times(claims, at: now)
        let permissions = try TokenPermissions(claims)
        return TokenIdentity(
            kind: .token,
            issuer: issuer,
            subject: subject,
            id: id,
            digest: digest,
            issuedAt: issuedAt,
            expiresAt: expiresAt,
            scopes: permissions.scopes,
            grants: permissions.grants
        )
    }

    private func times(_ claims: JSONValue, at now: Int64) throws(TokenRefusal) -> (issued: Int64?, expires: Int64) {
        guard let expiresAt = try Self.date(claims, "exp") else { throw TokenRefusal(.claim, "has no exp") }
        guard now < (expiresAt + Self.skew) * 1_000_000 else { throw TokenRefusal(.expired, "has expired") }
        let notBefore = try Self.date(claims, "nbf")
        let issuedAt = try Self.date(claims, "iat")
        for start in [notBefore, issuedAt].compactMap(\.self) where (start - Self.skew) * 1_000_000 > now {
            throw TokenRefusal(.notYetValid, "is not valid yet")
        }
        let latest = now + Int64(longestLife / .microseconds(1))
        guard (expiresAt - Self.skew) * 1_000_000 <= latest else {
            throw TokenRefusal(.claim, "ends more than \(longestLife.text) from now")
        }
        return (issuedAt, expiresAt)
    }

    /// A time that a claim states, in seconds since 1970; `nil` without the claim.
    static func date(_ claims: JSONValue, _ name: String) throws(TokenRefusal) -> Int64? {
        guard let value = claims[name] else { return nil }
        guard let date = value.numericDate else { throw TokenRefusal(.claim, "has a claim \(name) that is no time") }
        return date
    }

    /// What a claim says as an id; `nil` without the claim.
    static func identifier(
        _ claims: JSONValue,
        _ name: String,
        _ code: TokenRefusal.Code
    ) throws(TokenRefusal) -> String? {
        guard let value = claims[name] else { return nil }
        guard let id = value.identifier else {
            throw TokenRefusal(code, "has a claim \(name) that is no id of 1 to 255 bytes")
        }
        return id
    }
}
