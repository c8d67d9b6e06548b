import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaOperations
import FlotillaTestSupport
import Foundation
import Testing

@testable import FlotillaIdentity

struct IdentitySettingsTests {
    private static let secret = "a secret that is long enough for HS256"

    private static func configuration(_ variables: [String: String]) throws -> Configuration {
        try Configuration(
            environment: ["FLOTILLA_HOME": "/nonexistent"].merging(variables) { $1 },
            currentFolder: "/nonexistent",
            settings: Settings.identity
        )
    }

    private static func mistake(_ variables: [String: String]) -> String? {
        do {
            let configuration = try configuration(variables)
            _ = try configuration.tokenSettings()
            _ = try configuration.authServiceSettings()
            return nil
        } catch { return "\(error)" }
    }

    @Test func `without keys and without an auth service no tokens are taken`() throws {
        let configuration = try Self.configuration([:])
        #expect(try configuration.tokenSettings() == nil)
        #expect(try configuration.authServiceSettings() == nil)
    }

    @Test(arguments: [
        (["JWT_SECRET": "your-very-long-secret-key"], "JWT_SECRET is set without FLOTILLA_JWT_ISSUER"),
        (
            ["JWT_SECRET": "your-very-long-secret-key", "FLOTILLA_JWT_ISSUER": "a"],
            "JWT_SECRET has 25 bytes, and HS256 needs 32 at least"
        ),
        (["FLOTILLA_JWT_ISSUER": "a"], "FLOTILLA_JWT_ISSUER is set without a key"),
        (["JWT_SECRET": secret, "FLOTILLA_JWT_ISSUER": "a#b"], "FLOTILLA_JWT_ISSUER is no issuer"),
        (
            ["FLOTILLA_JWKS": "/nonexistent/keys", "FLOTILLA_JWT_ISSUER": "a"],
            "FLOTILLA_JWKS: /nonexistent/keys can't be"
        ),
        (["FLOTILLA_JWKS": "http://auth.example.com/k", "FLOTILLA_JWT_ISSUER": "a"], "FLOTILLA_JWKS would send"),
        (["FLOTILLA_JWKS": "ftp://auth.example.com/k", "FLOTILLA_JWT_ISSUER": "a"], "FLOTILLA_JWKS has to begin with"),
        (["AUTH_SERVICE_URL": "http://auth.example.com"], "AUTH_SERVICE_URL would send passwords unencrypted"),
        (["AUTH_SERVICE_URL": "https://u:p@auth.example.com"], "AUTH_SERVICE_URL must not hold a user or a password"),
        (["AUTH_SERVICE_URL": "https://auth.example.com?a=b"], "AUTH_SERVICE_URL has a user, a query or a fragment"),
        (["AUTH_SERVICE_URL": "https://a.example", "AUTH_SERVICE_TIMEOUT": "soon"], "AUTH_SERVICE_TIMEOUT has to be"),
        (["AUTH_SERVICE_URL": "https://a.example", "AUTH_SERVICE_TIMEOUT": "99"], "AUTH_SERVICE_TIMEOUT has to be"),
        (["AUTH_SERVICE_ROLES": "admin=everything"], "AUTH_SERVICE_ROLES has to be roles with their scopes"),
        (
            ["AUTH_SERVICE_URL": "https://a.example", "AUTH_SERVICE_CLIENT_SECRET": "x"],
            "AUTH_SERVICE_CLIENT_SECRET is set without AUTH_SERVICE_CLIENT_ID"
        ),
        (
            ["AUTH_SERVICE_URL": "https://a.example", "AUTH_SERVICE_INTROSPECTION_PATH": "x"],
            "AUTH_SERVICE_INTROSPECTION_PATH is no path"
        ),
    ])
    func `a mistake is named with its setting, and no secret is in it`(variables: [String: String], problem: String) {
        let mistake = Self.mistake(variables)
        #expect(mistake?.hasPrefix(problem) == true, "\(mistake ?? "nothing")")
        #expect(mistake?.contains("very-long") != true)
    }

    @Test func `the settings of the other services are read as they write them`() throws {
        let service = try Self.configuration([
            "AUTH_SERVICE_URL": "http://localhost:3001/", "AUTH_SERVICE_TIMEOUT": "5000",
        ]).authServiceSettings()
        #expect(service?.url == "http://localhost:3001" && service?.timeout == .seconds(5) && service?.check == .verify)
        let other = try Self.configuration([
            "AUTH_SERVICE_URL": "https://a.example/base", "AUTH_SERVICE_TIMEOUT": "2s",
            "AUTH_SERVICE_CHECK": "introspection",
        ]).authServiceSettings()
        #expect(other?.timeout == .seconds(2) && other?.check == .introspection(path: "/oauth2/introspect"))
    }

    @Test func `keys come from a secret, a file or an address`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).pem")
        try Data(TokenVectors.rsaPEM.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        for variables in [
            ["JWT_SECRET": Self.secret], ["FLOTILLA_JWKS": file.path], ["FLOTILLA_JWKS": "https://auth.example.com/k"],
            ["JWT_SECRET": Self.secret, "FLOTILLA_JWKS": "http://127.0.0.1:3001/keys"],
        ] {
            let settings = try Self.configuration(variables.merging(["FLOTILLA_JWT_ISSUER": "a"]) { $1 })
                .tokenSettings()
            #expect(settings?.rules.issuer == "a" && settings?.rules.audience == "flotilla")
            #expect((settings?.secret != nil) == (variables["JWT_SECRET"] != nil))
            #expect((settings?.keys != nil) == (variables["FLOTILLA_JWKS"] != nil))
        }
    }

    @Test func `roles add up, and everybody has those of the star`() throws {
        let roles = try #require(RoleScopes(text: "*=read, agent=scan+view ,admin=admin"))
        #expect(roles.scopes(of: []) == [.read])
        #expect(roles.scopes(of: ["agent", "other"]) == [.read, .scan, .view])
        #expect(
            RoleScopes(text: "a=read,a=scan") == nil && RoleScopes(text: "a") == nil && RoleScopes(text: "=read") == nil
        )
    }
}
