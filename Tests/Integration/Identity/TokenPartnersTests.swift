import FlotillaHTTPRouting
import FlotillaIdentity
import FlotillaTestSupport
import Foundation
import Testing

/// Tokens that other libraries have made: authlib and joserfc.
@Suite(.enabled(if: StandIn.hasPartners))
struct TokenPartnersTests {
    private struct Made: Decodable {
        let secret: String
        let rsa: String
        let ed: String
        let tokens: [String: String]
    }

    private static func make() async throws -> (Made, keys: [UInt8]) {
        let text = try await offPool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            process.arguments = [Repository.file("Tests/TestSupport/make-tokens.py").path]
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return text
        }
        let object = try JSONSerialization.jsonObject(with: text) as? [String: Any]
        let keys = try JSONSerialization.data(withJSONObject: object?["keys"] ?? [:])
        return (try JSONDecoder().decode(Made.self, from: text), Array(keys))
    }

    @Test func `tokens of authlib and joserfc are taken, each by its own key alone`() async throws {
        let (made, keys) = try await Self.make()
        #expect(made.tokens.count == 9)
        let rules = TokenRules(issuer: "https://auth.example.com", audience: "flotilla")
        let secret = try #require(TokenKey(secret: Array(made.secret.utf8)))
        let all = TokenChecker(rules, secret: secret, keys: try TokenKeySet(jsonWebKeys: keys, from: .network))
        for (name, token) in made.tokens {
            let identity = try await all.check(token)
            #expect(identity.principal.id == "https://auth.example.com#42", "\(name)")
            #expect(
                identity.scopes == [.read, .enqueue]
                    && identity.grants.events.allows("profile.viewed", isGuarded: false),
                "\(name)"
            )
            #expect(identity.id == "partner")
            // A token of another secret or key is not.
            let others = TokenChecker(rules, secret: TokenKey(secret: TokenMaker.secret))
            await #expect(throws: TokenRefusal.self, "\(name)") { try await others.check(token) }
        }
        for (pem, algorithm) in [(made.rsa, TokenAlgorithm.rs256), (made.ed, .edDSA)] {
            #expect(try TokenKeySet(file: Array(pem.utf8)).key(nil)?.algorithm == algorithm)
        }
    }
}
