import FlotillaCommandLineKit
import FlotillaModels
import FlotillaTestSupport
import Testing

@testable import FlotillaIdentity

struct SessionEndTests {
    private static func end(_ event: String, _ body: String) throws -> SessionEnd {
        try SessionEnd(Array(body.utf8), event: event) { $0 ?? 5 }
    }

    @Test func `a logout ends the token that it names, and all of its user otherwise`() throws {
        let named = try Self.end("user.logout", #"{"userId":"7","jti":"j","exp":1800000000}"#)
        #expect(named == .token(RevocationTarget(name: "j", expiresAt: 1_800_000_000)))
        let token = TokenMaker.hs256()
        let whole = try Self.end("auth.logout", #"{"token":"\#(token)"}"#)
        #expect(whole == .token(RevocationTarget(name: "t1", expiresAt: TokenMaker.now + 3_600)))
        let all = try Self.end("user.logged_out", #"{"user_id":7,"occurredAt":"2026-01-31T09:30:00Z"}"#)
        #expect(all == .subject("7", upTo: 1_769_851_800_000_000))
    }

    @Test func `a deletion ends all tokens of the user, whatever else it says`() throws {
        #expect(try Self.end("user.deleted", #"{"data":{"id":"7","jti":"j","token":"x"}}"#) == .everything(of: "7"))
        #expect(throws: InvalidPayload.self) { try Self.end("user.deleted", "{}") }
        // A session's id is no user's.
        #expect(throws: InvalidPayload.self) { try Self.end("user.logout", #"{"id":"s1"}"#) }
    }

    @Test func `a word of the command line is a jti only where that is said, and an opaque token never`() throws {
        func target(_ text: String, isID: Bool = false, isOnCommandLine: Bool = true) throws -> String {
            try TokenRevokeCommand.target(text, isID: isID, isOnCommandLine: isOnCommandLine).name
        }
        #expect(try target("6f1c2a8e", isID: true) == "6f1c2a8e")
        #expect(try target(TokenMaker.hs256()) == "t1")
        #expect(throws: UsageError.self) { try target("an-opaque-token") }
        #expect(try target("an-opaque-token", isOnCommandLine: false).hasPrefix("sha256:"))
    }

    @Test func `a token without an id is known by its digest`() {
        let token = TokenMaker.hs256(TokenMaker.claims(["jti": nil]))
        #expect(RevocationTarget(token: token).name.hasPrefix("sha256:"))
        #expect(RevocationTarget(token: token).expiresAt == TokenMaker.now + 3_600)
        #expect(RevocationTarget(token: "opaque").expiresAt == nil)
        #expect(RevocationTarget(token: "opaque") != RevocationTarget(token: "opaque2"))
    }
}
