import FlotillaHTTPRouting
import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform

/// Reads what the auth service answers about a token. What is no clear yes or no is an error.
struct VerdictReader {
    private static let operation = "verify a token"
    /// What a claim on the kind of a token may say of one to call with.
    private static let accessKinds: Set = ["bearer", "access_token", "access", "at+jwt", "jwt"]

    private let configuration: AuthServiceConfiguration
    private let token: String
    /// Seconds since 1970.
    private let now: Int64
    /// What the token says itself, where it is readable: the service has vouched for it as a whole.
    private let claims: JSONValue?

    /// - Parameter now: in microseconds since 1970.
    init(_ configuration: AuthServiceConfiguration, _ token: String, at now: Int64) {
        self.configuration = configuration
        self.token = token
        self.now = now / 1_000_000
        let parts = token.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        claims = parts.count == 3 ? Base64URL.decode(parts[1]).flatMap(JSONValue.strictObject) : nil
    }

    /// `{success: true, user}` or `{valid: true, user}`; 401, and also 404 or 410, for a token that is not valid.
    func verification(_ answer: HTTPClientResponse) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        switch answer.status {
        case 400, 401, 403, 404, 410, 422: return Self.refused
        default: break
        }
        let json = try answer.object(for: Self.operation)
        let flags = ["success", "valid"].compactMap { json[$0] ?? json["data"]?[$0] }
        if flags.contains(.boolean(false)) { return Self.refused }
        guard flags.contains(.boolean(true)) else { throw violation("says neither success nor valid") }
        guard let user = AuthServiceUser(answer: json) else { throw violation("names no user") }
        guard user.isActive else { return Self.refused }
        return try verdict(
            json,
            issuer: configuration.url,
            subject: user.id,
            scopesOtherwise: configuration.roles.scopes(of: user.roles)
        )
    }

    /// RFC 7662, section 2.2.
    func introspection(_ answer: HTTPClientResponse) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        let json = try answer.object(for: Self.operation)
        guard case .boolean(let isActive)? = json["active"] else { throw violation("says not whether it is active") }
        guard isActive else { return Self.refused }
        let subject = [json["sub"], json["client_id"]].lazy.compactMap { $0?.identifier }.first
        guard let subject else { throw violation("names neither sub nor client_id") }
        let roles = ["role", "roles"].flatMap { json[$0]?.textOrTexts ?? [] }
        return try verdict(
            json,
            issuer: try issuer(json),
            subject: subject,
            scopesOtherwise: configuration.roles.scopes(of: roles)
        )
    }

    private func issuer(_ json: JSONValue) throws(AuthServiceError) -> String {
        guard let value = json["iss"], !value.isNull else { return configuration.url }
        // Callers are named issuer#subject.
        guard let text = value.identifier, !text.contains("#") else { throw violation("has an iss that is no issuer") }
        return text
    }

    private func verdict(
        _ json: JSONValue,
        issuer: String,
        subject: String,
        scopesOtherwise: Set<Scope>
    ) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        let (issued, expires, start) = (try time(json, "iat"), try time(json, "exp"), try time(json, "nbf"))
        do throws(TokenRefusal) {
            try checkKind(json)
            try checkAudience(json)
            let issuedAt = try time("iat", stated: issued)
            let expiresAt = try time("exp", stated: expires)
            try checkTimes(from: time("nbf", stated: start), until: expiresAt)
            let permissions = try TokenPermissions(json)
            let namesScopes = ["scope", "scp", "scopes"].contains { json[$0].map { !$0.isNull } ?? false }
            return .genuine(
                TokenIdentity(
                    kind: .introspected,
                    issuer: issuer,
                    subject: subject,
                    id: json["jti"]?.identifier ?? claims?["jti"]?.identifier,
                    digest: SHA256.digest(token),
                    // Without a time of its own it counts from when it was vouched for.
                    issuedAt: issuedAt ?? now,
                    isUndated: issuedAt == nil,
                    expiresAt: expiresAt,
                    scopes: namesScopes ? permissions.scopes : scopesOtherwise,
                    grants: permissions.grants
                )
            )
        } catch { return .refused(error) }
    }

    private func time(_ json: JSONValue, _ name: String) throws(AuthServiceError) -> Int64? {
        guard let value = json[name], !value.isNull else { return nil }
        guard let date = value.numericDate else { throw violation("has a member \(name) that is no time") }
        return date
    }

    /// What the answer has stated, or else the token itself.
    private func time(_ name: String, stated: Int64?) throws(TokenRefusal) -> Int64? {
        guard stated == nil, let claims else { return stated }
        return try TokenRules.date(claims, name)
    }

    /// Refresh and ID tokens are not for calls, though the service knows them.
    private func checkKind(_ json: JSONValue) throws(TokenRefusal) {
        for said in [json, claims].compactMap(\.self) {
            for name in ["token_type", "typ", "token_use"] {
                guard let value = said[name], !value.isNull else { continue }
                guard let kind = value.text?.lowercased(), Self.accessKinds.contains(kind) else {
                    throw TokenRefusal(.type, "has a \(name) other than Bearer and access_token")
                }
            }
        }
    }

    /// What neither the answer nor the token says is left to the service.
    private func checkAudience(_ json: JSONValue) throws(TokenRefusal) {
        guard let audience = [json["aud"], claims?["aud"]].lazy.compactMap(\.self).first(where: { !$0.isNull }),
            audience.textOrTexts?.contains(configuration.audience) != true
        else { return }
        throw TokenRefusal(.audience, "is not for the audience \(configuration.audience)")
    }

    /// A service that vouches for what has ended, or has not begun, is not believed.
    private func checkTimes(from start: Int64?, until end: Int64?) throws(TokenRefusal) {
        if let start, start - TokenRules.skew > now { throw TokenRefusal(.notYetValid, "is not valid yet") }
        guard let end else { return }
        guard end + TokenRules.skew > now else { throw TokenRefusal(.expired, "has expired") }
        // What is revoked is not remembered for longer.
        let latest = now + Int64(configuration.longestLife / .seconds(1))
        guard end - TokenRules.skew <= latest else {
            throw TokenRefusal(.claim, "ends more than \(configuration.longestLife.text) from now")
        }
    }

    private static let refused = AuthServiceClient.Verdict.refused(
        TokenRefusal(.inactive, "is not vouched for by the auth service")
    )

    private func violation(_ detail: String) -> AuthServiceError {
        AuthServiceError(.violation, Self.operation, "the answer \(detail)")
    }
}

extension HTTPClientResponse {
    /// The JSON object of a successful answer.
    func object(for operation: String) throws(AuthServiceError) -> JSONValue {
        guard isSuccess else { throw AuthServiceError(.violation, operation, "status \(status)") }
        guard let object = JSONValue.strictObject(body) else {
            throw AuthServiceError(.violation, operation, "the answer is no JSON object")
        }
        return object
    }
}
