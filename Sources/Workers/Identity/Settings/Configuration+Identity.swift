package import FlotillaCommandLineKit
package import FlotillaOperations
import FlotillaPlatform
import FoundationEssentials

extension Configuration {
    /// How JSON Web Tokens are checked; `nil` when there are no keys for them.
    package func tokenSettings() throws(CommandError) -> TokenSettings? {
        let (secret, keys) = (self[Settings.tokenSecret], self[Settings.tokenKeys])
        guard secret != nil || keys != nil else {
            guard self[Settings.tokenIssuer] == nil else {
                throw .wrong("FLOTILLA_JWT_ISSUER is set without a key", "set JWT_SECRET or FLOTILLA_JWKS")
            }
            return nil
        }
        guard let issuer = self[Settings.tokenIssuer] else {
            let name = secret != nil ? "JWT_SECRET" : "FLOTILLA_JWKS"
            throw .wrong("\(name) is set without FLOTILLA_JWT_ISSUER", "set it to what iss of the tokens is")
        }
        guard (1...255).contains(issuer.utf8.count), !issuer.contains("#") else {
            throw .wrong("FLOTILLA_JWT_ISSUER is no issuer of 1 to 255 bytes without #", "write it as iss has it")
        }
        return TokenSettings(
            rules: TokenRules(
                issuer: issuer,
                audience: self[Settings.tokenAudience],
                longestLife: self[Settings.longestTokenLife]
            ),
            secret: try secret.map { secret throws(CommandError) in try Self.key(of: secret) },
            keys: try keys.map { keys throws(CommandError) in try self.keys(keys) }
        )
    }

    /// `nil` without an auth service.
    package func authServiceSettings() throws(CommandError) -> AuthServiceConfiguration? {
        guard var url = self[Settings.authService] else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        guard let parts = ServerURL(url), parts.user == nil, parts.query.isEmpty, !url.contains("#") else {
            throw .wrong(
                "AUTH_SERVICE_URL has a user, a query or a fragment",
                "give user and password as AUTH_SERVICE_CLIENT_ID and AUTH_SERVICE_CLIENT_SECRET"
            )
        }
        let path = self[Settings.authServicePath]
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") }) else {
            throw .wrong("AUTH_SERVICE_INTROSPECTION_PATH is no path", "write one such as /oauth2/introspect")
        }
        guard self[Settings.authServiceSecret] == nil || self[Settings.authServiceClient] != nil else {
            throw .wrong("AUTH_SERVICE_CLIENT_SECRET is set without AUTH_SERVICE_CLIENT_ID", "set both")
        }
        return AuthServiceConfiguration(
            url: url,
            check: self[Settings.authServiceCheck] == .verify ? .verify : .introspection(path: path),
            timeout: self[Settings.authServiceTimeout].duration,
            clientID: self[Settings.authServiceClient],
            clientSecret: self[Settings.authServiceSecret],
            roles: self[Settings.authServiceRoles] ?? RoleScopes(),
            audience: self[Settings.tokenAudience],
            longestLife: self[Settings.longestTokenLife]
        )
    }

    private static func key(of secret: Secret) throws(CommandError) -> TokenKey {
        let bytes = Array(secret.revealed.utf8)
        guard let key = TokenKey(secret: bytes) else {
            throw .wrong(
                "JWT_SECRET has \(bytes.count) bytes, and HS256 needs \(TokenKey.shortestSecret) at least",
                "make one with openssl rand -base64 48"
            )
        }
        return key
    }

    private func keys(_ place: String) throws(CommandError) -> TokenSettings.Keys {
        let shown = Credentials.hidden(in: place)
        guard place.contains("://") else {
            guard let data = FileManager.default.contents(atPath: place) else {
                throw .wrong("FLOTILLA_JWKS: \(shown) can't be read", "give a file, or an https:// URL")
            }
            do throws(TokenKeySet.Problem) {
                return .file(try TokenKeySet(file: Array(data)))
            } catch {
                throw CommandError("FLOTILLA_JWKS: \(shown) \(error)", status: .wrongUse)
            }
        }
        let problems = AddressRule.http.problems(
            with: place,
            of: Settings.tokenKeys.name,
            allowedPlaintextHosts: self[Settings.allowPlaintext]?.words ?? []
        )
        guard problems.isEmpty else { throw CommandError(problems.joined(separator: "\n"), status: .wrongUse) }
        return .url(place)
    }
}

extension CommandError {
    fileprivate static func wrong(_ message: String, _ remedy: String) -> CommandError {
        CommandError(message, remedy: remedy, status: .wrongUse)
    }
}
