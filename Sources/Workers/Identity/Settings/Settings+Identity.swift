package import FlotillaOperations
package import FlotillaPlatform

extension Settings {
    package static let tokenSecret = Setting<Secret>(
        "JWT_SECRET",
        "The secret of JSON Web Tokens signed by HS256, at least 32 bytes"
    )
    package static let tokenKeys = Setting<String>(
        "FLOTILLA_JWKS",
        "The public keys of JSON Web Tokens: a file (a key set, or one key as PEM), or an `https://` URL"
    )
    package static let tokenIssuer = Setting<String>(
        "FLOTILLA_JWT_ISSUER",
        "What `iss` of a token has to be; needed with either of them"
    )
    package static let tokenAudience = Setting<String>(
        "FLOTILLA_JWT_AUDIENCE",
        "What `aud` of a token has to be or to hold"
    ).defaulting(to: "flotilla")
    package static let longestTokenLife = Setting<Duration>(
        "FLOTILLA_JWT_LONGEST_LIFE",
        "How far ahead a token may end; so long revocations are remembered"
    ).within(.seconds(60) ... .seconds(3_650 * 86_400)).defaulting(to: .seconds(30 * 86_400))
    package static let tokensWithoutRedis = Setting<RevocationPolicy>(
        "FLOTILLA_TOKENS_WITHOUT_REDIS",
        "What tokens are good for while Redis can't say which are revoked: `refuse` nothing, `limit` all but `operate`, "
            + "`edit` and `admin`, `allow` everything"
    ).defaulting(to: .limit)
    package static let authService = Setting<String>(
        "AUTH_SERVICE_URL",
        "A service that vouches for tokens and knows users",
        address: .http
    )
    package static let authServiceTimeout = Setting<ServiceTimeout>(
        "AUTH_SERVICE_TIMEOUT",
        "How long its answer may take; a plain number is milliseconds"
    ).defaulting(to: ServiceTimeout(.seconds(5)))
    package static let authServiceCheck = Setting<TokenCheckKind>(
        "AUTH_SERVICE_CHECK",
        "How it is asked about a token: `verify` (`GET /api/auth/verify`) or `introspection` (RFC 7662)"
    ).defaulting(to: .verify)
    package static let authServicePath = Setting<String>(
        "AUTH_SERVICE_INTROSPECTION_PATH",
        "Where it takes introspection requests"
    ).defaulting(to: "/oauth2/introspect")
    package static let authServiceClient = Setting<String>(
        "AUTH_SERVICE_CLIENT_ID",
        "Our name there, for HTTP Basic"
    )
    package static let authServiceSecret = Setting<Secret>("AUTH_SERVICE_CLIENT_SECRET", "The secret that goes with it")
    package static let authServiceRoles = Setting<RoleScopes>(
        "AUTH_SERVICE_ROLES",
        "What users may do here whose tokens name no scopes, by role: `agent=read,admin=read+operate`; `*` is everybody"
    )

    static let identity: [any SettingDeclaration] = [
        tokenSecret, tokenKeys, tokenIssuer, tokenAudience, longestTokenLife, tokensWithoutRedis, authService,
        authServiceTimeout, authServiceCheck, authServicePath, authServiceClient, authServiceSecret, authServiceRoles,
    ]
}
