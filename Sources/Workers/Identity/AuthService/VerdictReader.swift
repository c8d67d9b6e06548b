import FlotillaHTTPRouting
import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform

/// Reads what the auth service answers about a token. What is no clear yes or no is an error.
struct VerdictReader {
    private static let operation = "verify a token"

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

    /// `{success: true, user}` or `{valid: true, user}`; 401 for a token that is not valid.
    func verification(_ answer: HTTPClientResponse) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        switch answer.status {
        case 400, 401, 403, 422: return Self.refused
        default: break
        }
        let json = try answer.object(for: Self.operation)
        let flags = ["success", "valid"].compactMap { json[$0] ?? json["data"]?[$0] }
        if flags.contains(.boolean(false)) { return Self.refused }
        guard flags.contains(.boolean(true)) else { throw violation("says neither success nor valid") }
        guard let user = AuthServiceUser(answer: json) else { throw violation("names no user") }
        guard user.isActive else { return Self.refused }
        let expiresAt = [json["exp"], claims?["exp"]].lazy.compactMap { $0?.numericDate }.first
        return try verdict(
            json,
            issuer: configuration.url,
            subject: user.id,
            expiresAt: expiresAt,
            scopesOtherwise: configuration.roles.scopes(of: user.roles)
        )
    }

    /// RFC 7662, section 2.2.
    func introspection(_ answer: HTTPClientResponse) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        let json = try answer.object(for: Self.operation)
        guard case .boolean(let isActive)? = json["active"] else { throw violation("says not whether it is active") }
        guard isActive else { return Self.refused }
        let subject = [json["sub"], json["client_id"]].lazy.compactMap { $0?.text }.first {
            (1...255).contains($0.utf8.count) && !$0.utf8.contains { $0 < 0x20 || $0 == 0x7f }
        }
        guard let subject else { throw violation("names neither sub nor client_id") }
        if let audience = json["aud"], !audience.isNull,
            audience.textOrTexts?.contains(configuration.audience) != true
        {
            return .refused(TokenRefusal(.audience, "is not for the audience \(configuration.audience)"))
        }
        let start = json["nbf"]?.numericDate ?? 0
        guard start - TokenRules.skew <= now else { throw violation("is active, and not valid yet") }
        let roles = ["role", "roles"].flatMap { json[$0]?.textOrTexts ?? [] }
        return try verdict(
            json,
            issuer: json["iss"]?.text.flatMap { (1...255).contains($0.utf8.count) ? $0 : nil } ?? configuration.url,
            subject: subject,
            expiresAt: json["exp"]?.numericDate ?? claims?["exp"]?.numericDate,
            scopesOtherwise: configuration.roles.scopes(of: roles)
        )
    }

    private func verdict(
        _ json: JSONValue,
        issuer: String,
        subject: String,
        expiresAt: Int64?,
        scopesOtherwise: Set<Scope>
    ) throws(AuthServiceError) -> AuthServiceClient.Verdict {
        // A service that vouches for what has ended is wrong, whatever else it says.
        if let expiresAt, expiresAt + TokenRules.skew <= now {
            return .refused(TokenRefusal(.expired, "has expired"))
        }
        let permissions: TokenPermissions
        do throws(TokenRefusal) { permissions = try TokenPermissions(json) } catch { throw violation(error.detail) }
        let namesScopes = ["scope", "scp", "scopes"].contains { json[$0].map { !$0.isNull } ?? false }
        return .genuine(
            TokenIdentity(
                kind: .introspected,
                issuer: issuer,
                subject: subject,
                id: [json["jti"], claims?["jti"]].lazy.compactMap { $0?.text }.first {
                    (1...255).contains($0.utf8.count)
                },
                digest: SHA256.digest(token),
                // Without a time of its own it counts from when it was vouched for.
                issuedAt: json["iat"]?.numericDate ?? claims?["iat"]?.numericDate ?? now,
                expiresAt: expiresAt,
                scopes: namesScopes ? permissions.scopes : scopesOtherwise,
                grants: permissions.grants
            )
        )
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
