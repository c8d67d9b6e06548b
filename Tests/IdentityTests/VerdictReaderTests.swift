import FlotillaOutbound
import FlotillaTestSupport
import Testing

@testable import FlotillaHTTPRouting
@testable import FlotillaIdentity

struct VerdictReaderTests {
    private static let configuration = AuthServiceConfiguration(
        url: "http://localhost:3001",
        roles: RoleScopes(text: "agent=read,admin=read+operate") ?? RoleScopes()
    )

    private static func reader(_ token: String = "opaque") -> VerdictReader {
        VerdictReader(configuration, token, at: TokenMaker.now * 1_000_000)
    }

    private static func answer(_ body: String, _ status: Int = 200) -> HTTPClientResponse {
        HTTPClientResponse(status: status, headers: [], body: Array(body.utf8))
    }

    private static func identity(_ verdict: AuthServiceClient.Verdict) -> TokenIdentity? {
        if case .genuine(let identity) = verdict { identity } else { nil }
    }

    @Test(arguments: [
        #"{"success":true,"user":{"id":7,"role":"admin"}}"#,
        #"{"valid":true,"user":{"_id":"7","roles":["admin","x"]}}"#,
        #"{"success":true,"data":{"valid":true,"user":{"userId":"7","role":"admin"}}}"#,
    ])
    func `a user whom the service vouches for has the scopes of the roles`(body: String) throws {
        let identity = try #require(Self.identity(try Self.reader().verification(Self.answer(body))))
        #expect(identity.principal.reference == "introspected:http://localhost:3001#7")
        #expect(identity.scopes == [.read, .operate])
        #expect(identity.grants == Grants())
    }

    @Test func `scopes that the answer names count instead of roles, and a token's own times are read`() throws {
        let token = TokenMaker.hs256()
        let body = #"{"success":true,"user":{"id":"7","role":"admin"},"scope":"scan"}"#
        let identity = try #require(Self.identity(try Self.reader(token).verification(Self.answer(body))))
        #expect(identity.scopes == [.scan])
        #expect(
            identity.expiresAt == TokenMaker.now + 3_600 && identity.issuedAt == TokenMaker.now && identity.id == "t1"
        )
    }

    @Test(arguments: [
        (#"{"success":false,"error":"x"}"#, 401), (#"{"success":false}"#, 200),
        (#"{"valid":false,"success":true}"#, 200),
        ("", 401), ("<html>", 403), (#"{"success":true,"user":{"id":"7","isActive":false}}"#, 200),
        ("", 404), ("", 410), (#"{"success":true,"user":{"id":"7"},"scope":7}"#, 200),
        (#"{"success":true,"user":{"id":"7"},"events":"profile.*"}"#, 200),
    ])
    func `a no is a no`(body: String, status: Int) throws {
        #expect(Self.identity(try Self.reader().verification(Self.answer(body, status))) == nil)
    }

    @Test(arguments: [
        ("", 200), ("{}", 200), ("[]", 200), ("\"true\"", 200), (#"{"success":"true","user":{"id":"7"}}"#, 200),
        (#"{"success":true}"#, 200), (#"{"success":true,"user":{}}"#, 200), (#"{"success":true,"user":"7"}"#, 200),
        (#"{"success":true,"user":{"id":"7"},"success":true}"#, 200), (#"{"success":true,"user":{"id":"7"}}"#, 500),
        (#"{"success":true,"user":{"id":"7"},"exp":"4000003600"}"#, 200), (#"{"success":1,"user":{"id":"7"}}"#, 200),
        (#"{"user":{"id":"7"}}"#, 200), (#"{"success":true,"user":{"id":["7"]}}"#, 200),
    ])
    func `an answer that is no clear yes or no is an error, never a yes`(body: String, status: Int) {
        #expect(throws: AuthServiceError.self) { try Self.reader().verification(Self.answer(body, status)) }
    }

    @Test func `a service that vouches for what has expired is not believed`() throws {
        let token = TokenMaker.hs256(TokenMaker.claims(["exp": "\(TokenMaker.now - 60)"]))
        let body = #"{"success":true,"user":{"id":"7"}}"#
        #expect(Self.identity(try Self.reader(token).verification(Self.answer(body))) == nil)
        let active = #"{"active":true,"sub":"7","exp":\#(TokenMaker.now - 60)}"#
        #expect(Self.identity(try Self.reader().introspection(Self.answer(active))) == nil)
    }

    @Test(arguments: [
        ("aud", "\"helpdesk\""), ("aud", "[]"), ("typ", "\"Refresh\""), ("token_use", "\"id\""), ("token_type", "7"),
        ("nbf", "\(TokenMaker.now + 61)"), ("exp", "\"4000003600\""), ("iat", "true"),
        ("exp", "\(TokenMaker.now + 30 * 86_400 + 61)"),
    ])
    func `what a token says of itself is checked though the service vouches for it`(name: String, value: String) throws
    {
        let token = TokenMaker.hs256(TokenMaker.claims([name: value]))
        let user = Self.answer(#"{"success":true,"user":{"id":"7"}}"#)
        #expect(Self.identity(try Self.reader(token).verification(user)) == nil)
        let active = Self.answer(#"{"active":true,"sub":"7"}"#)
        #expect(Self.identity(try Self.reader(token).introspection(active)) == nil)
    }

    @Test(arguments: [#""token_type":"Bearer""#, #""token_type":"access_token""#, #""typ":"bearer""#, #""typ":null"#])
    func `an access token is one however its kind is written`(member: String) throws {
        let active = Self.answer(#"{"active":true,"sub":"7",\#(member)}"#)
        #expect(Self.identity(try Self.reader(TokenMaker.hs256()).introspection(active)) != nil)
    }

    @Test func `a token of which nobody says when it was issued is marked`() throws {
        let user = Self.answer(#"{"success":true,"user":{"id":"7"}}"#)
        #expect(Self.identity(try Self.reader().verification(user))?.isUndated == true)
        #expect(Self.identity(try Self.reader(TokenMaker.hs256()).verification(user))?.isUndated == false)
    }

    @Test func `introspection by RFC 7662 gives subject, scopes, grants and times`() throws {
        let body = """
            {"active":true,"sub":"7","iss":"https://as.example","scope":"enqueue openid","events":["profile.*"],
            "exp":\(TokenMaker.now + 10),"iat":\(TokenMaker.now - 10),"jti":"j","aud":["flotilla","x"]}
            """
        let identity = try #require(Self.identity(try Self.reader().introspection(Self.answer(body))))
        #expect(identity.principal.id == "https://as.example#7")
        #expect(identity.scopes == [.enqueue] && identity.grants == Grants(events: ["profile.*"]))
        #expect(identity.expiresAt == TokenMaker.now + 10 && identity.issuedAt == TokenMaker.now - 10)
        let client = try Self.reader().introspection(Self.answer(#"{"active":true,"client_id":"shop"}"#))
        #expect(Self.identity(client)?.principal.id == "http://localhost:3001#shop")
    }

    @Test(arguments: [
        #"{"active":false}"#, #"{"active":false,"sub":"7"}"#, #"{"active":true,"sub":"7","aud":"helpdesk"}"#,
        #"{"active":true,"sub":"7","aud":[]}"#, #"{"active":true,"sub":"7","nbf":4100000000}"#,
        #"{"active":true,"sub":"7","token_type":"refresh_token"}"#, #"{"active":true,"sub":"7","typ":"ID"}"#,
        #"{"active":true,"sub":"7","exp":4100000000}"#,
    ])
    func `introspection refuses what is not active, or for somebody else`(body: String) throws {
        #expect(Self.identity(try Self.reader().introspection(Self.answer(body))) == nil)
    }

    @Test(arguments: [
        ("{}", 200), (#"{"active":"true","sub":"7"}"#, 200), (#"{"active":1,"sub":"7"}"#, 200),
        (#"{"active":true}"#, 200),
        (#"{"active":true,"sub":"7"}"#, 401), (#"{"active":true,"active":true,"sub":"7"}"#, 200),
        (#"{"active":true,"sub":"7","nbf":"4100000000"}"#, 200), (#"{"active":true,"sub":"7","exp":"soon"}"#, 200),
        (#"{"active":true,"sub":"7","iss":"https://as.example#x"}"#, 200), (#"{"active":true,"sub":"7","iss":7}"#, 200),
        (#"{"active":true,"sub":"\u0085 7"}"#, 200), (#"{"active":true,"sub":"7\u2028"}"#, 200),
    ])
    func `an introspection of another shape is an error, and so is a client that is not let in`(
        body: String,
        status: Int
    ) {
        #expect(throws: AuthServiceError.self) { try Self.reader().introspection(Self.answer(body, status)) }
    }
}
