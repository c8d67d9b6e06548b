import FlotillaPlatform
import FlotillaTestSupport
import Testing

@testable import FlotillaHTTPRouting
@testable import FlotillaIdentity

struct TokenCheckerTests {
    private static let signing = SigningKey.generate()

    /// Takes tokens of `JWT_SECRET`, of an RSA key `rsa` and of an Ed25519 key `ed`.
    private static func checker() throws -> TokenChecker {
        let keys = """
            {"keys":[{"kty":"RSA","kid":"rsa","n":"\(TokenVectors.modulus)","e":"AQAB"},
            {"kty":"OKP","crv":"Ed25519","kid":"ed","x":"\(TokenMaker.encode(signing.publicKey.bytes))"}]}
            """
        return TokenChecker(
            TokenRules(issuer: TokenMaker.issuer, audience: "flotilla"),
            secret: TokenKey(secret: TokenMaker.secret),
            keys: try TokenKeySet(jsonWebKeys: Array(keys.utf8), from: .file)
        )
    }

    private static func check(_ token: String, after seconds: Int64 = 0) async throws -> TokenIdentity {
        try await checker().check(token, at: (TokenMaker.now + seconds) * 1_000_000)
    }

    private static func refusal(_ token: String, after seconds: Int64 = 0) async -> TokenRefusal.Code? {
        do {
            _ = try await check(token, after: seconds)
            return nil
        } catch { return (error as? TokenRefusal)?.code }
    }

    @Test func `a good token says who calls, and what they may do`() async throws {
        let claims = TokenMaker.claims(["events": #"["profile.*","search.performed"]"#, "jobs": #"["ticket.#"]"#])
        for token in [TokenMaker.hs256(claims), TokenMaker.edDSA(claims, key: Self.signing)] {
            let principal = try await Self.check(token).principal
            #expect(principal.reference == "token:https://auth.example.com#42")
            #expect(principal.scopes == [.read, .enqueue])
            #expect(principal.grants == Grants(events: ["profile.*", "search.performed"], jobs: ["ticket.#"]))
        }
    }

    @Test(arguments: ["none", "None", "nOnE", "HS384", "HS512", "RS512", "PS256", "ES256", ""])
    func `no other algorithm is taken, and none is no algorithm`(name: String) async {
        let header = #"{"alg":"\#(name)","typ":"JWT"}"#
        #expect(await Self.refusal(TokenMaker.hs256(header: header)) == .algorithm)
        let text = TokenMaker.encode(header) + "." + TokenMaker.encode(TokenMaker.claims())
        #expect(await Self.refusal(text + ".AA") == .algorithm)
        #expect(await Self.refusal(text + ".") == .algorithm)
    }

    @Test func `a public key is never taken for a secret`() async throws {
        let pem = Array(TokenVectors.rsaPEM.utf8)
        let modulus = try #require(Base64URL.decode(TokenVectors.modulus.utf8))
        for key in [pem, pem + [10], modulus] {
            let token = TokenMaker.hs256(header: #"{"alg":"HS256","typ":"JWT","kid":"rsa"}"#, key: key)
            #expect(await Self.refusal(token) == .algorithm)
        }
        let raw = Self.signing.publicKey.bytes
        #expect(
            await Self.refusal(TokenMaker.hs256(header: #"{"alg":"HS256","typ":"JWT","kid":"ed"}"#, key: raw))
                == .algorithm
        )
        // The other way round: the secret's tokens are HS256 alone.
        let token = TokenMaker.edDSA(header: #"{"alg":"EdDSA","typ":"JWT"}"#, key: Self.signing)
        #expect(await Self.refusal(token) == .algorithm)
    }

    @Test(arguments: [
        "other", "../../etc/passwd", "/dev/null", "ed\\u0000", "x' UNION SELECT 'AA", "http://evil.example/key", "ED",
        "",
    ])
    func `a kid that is not on the list is refused, whatever it looks like`(name: String) async {
        for token in [
            TokenMaker.edDSA(header: #"{"alg":"EdDSA","typ":"JWT","kid":"\#(name)"}"#, key: Self.signing),
            TokenMaker.hs256(header: #"{"alg":"HS256","typ":"JWT","kid":"\#(name)"}"#),
            // What a program would read from /dev/null.
            TokenMaker.hs256(header: #"{"alg":"HS256","typ":"JWT","kid":"\#(name)"}"#, key: []),
        ] {
            #expect([.key, .malformed].contains(await Self.refusal(token)))
        }
    }

    @Test(arguments: ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip"])
    func `a token may not bring its own key, nor ask for what is not understood`(name: String) async {
        for value in ["[\"exp\"]", "\"https://evil.example/jwks\"", "{}", "null", "false"] {
            let header = #"{"alg":"HS256","typ":"JWT","\#(name)":\#(value)}"#
            #expect(await Self.refusal(TokenMaker.hs256(header: header)) == .header)
        }
    }

    @Test func `a type is needed, and it has to be that of a token to call with`() async {
        for type in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
            #expect(await Self.refusal(TokenMaker.hs256(header: #"{"alg":"HS256","typ":"\#(type)"}"#)) == nil)
        }
        for type in ["logout+jwt", "dpop+jwt", "secevent+jwt", "JWE", ""] {
            #expect(await Self.refusal(TokenMaker.hs256(header: #"{"alg":"HS256","typ":"\#(type)"}"#)) == .type)
        }
        #expect(await Self.refusal(TokenMaker.hs256(header: #"{"alg":"HS256"}"#)) == .type)
    }

    @Test func `a minute of difference between clocks is allowed for, and no more`() async {
        let expiring = TokenMaker.hs256(TokenMaker.claims(["exp": "\(TokenMaker.now)"]))
        #expect(await Self.refusal(expiring, after: 59) == nil)
        #expect(await Self.refusal(expiring, after: 60) == .expired)
        #expect(await Self.refusal(expiring, after: 61) == .expired)
        for name in ["nbf", "iat"] {
            let early = TokenMaker.hs256(TokenMaker.claims([name: "\(TokenMaker.now + 60)"]))
            #expect(await Self.refusal(early) == nil)
            #expect(await Self.refusal(early, after: -1) == .notYetValid)
        }
    }

    private static let wrongClaims: [(String, String?, TokenRefusal.Code)] = [
        ("iss", "\"https://evil.example\"", TokenRefusal.Code.issuer),
        ("iss", "[\"https://auth.example.com\"]", .issuer),
        ("iss", nil, .issuer), ("aud", "\"helpdesk\"", .audience), ("aud", "[\"helpdesk\",\"shop\"]", .audience),
        ("aud", "[]", .audience), ("aud", nil, .audience), ("aud", "[\"flotilla\",1]", .audience),
        ("sub", nil, .subject), ("sub", "\"\"", .subject), ("sub", "42", .subject), ("sub", "\"a\\nb\"", .subject),
        ("exp", nil, .claim), ("exp", "\"4000003600\"", .claim), ("exp", "-1", .claim), ("exp", "1e300", .claim),
        ("exp", "4002592061", .claim), ("nbf", "\"soon\"", .claim), ("iat", "null", .claim), ("jti", "7", .claim),
        ("scope", "7", .claim), ("scp", "{}", .claim), ("events", "\"profile.*\"", .claim),
        ("events", "[\"pro file\"]", .claim), ("events", "[\"a..b\"]", .claim), ("jobs", "[7]", .claim),
    ]

    @Test(arguments: wrongClaims)
    func `claims that are missing, wrong or of another shape are refused`(
        name: String,
        value: String?,
        code: TokenRefusal.Code
    ) async {
        #expect(await Self.refusal(TokenMaker.hs256(TokenMaker.claims([name: value]))) == code)
    }

    @Test func `an audience may be one of several, and times may have fractions`() async {
        let claims = TokenMaker.claims([
            "aud": "[\"shop\",\"flotilla\"]", "exp": "\(TokenMaker.now + 60).5", "jti": nil,
        ])
        #expect(await Self.refusal(TokenMaker.hs256(claims)) == nil)
    }

    @Test func `a member that is there twice is refused, in the header, the claims and below`() async {
        for header in [
            #"{"alg":"HS256","typ":"JWT","alg":"HS256"}"#, #"{"alg":"none","alg":"HS256","typ":"JWT"}"#,
            #"{"alg":"HS256","typ":"JWT","\u0061lg":"none"}"#,
        ] {
            #expect(await Self.refusal(TokenMaker.hs256(header: header)) == .malformed)
        }
        let claims = TokenMaker.claims()
        for twice in [#","sub":"1"}"#, #","ext":{"a":1,"a":2}}"#, #","ext":[{"a":1,"a":1}]}"#] {
            #expect(await Self.refusal(TokenMaker.hs256(claims.dropLast() + twice)) == .malformed)
        }
    }

    @Test func `a long token is refused before it is read`() async {
        let long = TokenMaker.hs256(TokenMaker.claims(["x": "\"\(String(repeating: "a", count: 1 << 20))\""]))
        #expect(await Self.refusal(long) == .tooLong)
        #expect(await Self.refusal(String(repeating: ".", count: 1 << 20)) == .tooLong)
        let short = TokenMaker.hs256(TokenMaker.claims(["x": "\"\(String(repeating: "a", count: 5_000))\""]))
        #expect(await Self.refusal(short) == nil)
    }

    @Test func `every other spelling of the same token is refused`() async throws {
        let token = TokenMaker.hs256()
        let parts = token.split(separator: ".").map(String.init)
        #expect(await Self.refusal(token) == nil)
        for wrong in [
            token + "=", token + ".", "." + token, parts[0] + "." + parts[1], token + ".AA", " " + token, token + "\n",
            parts[0] + "==." + parts[1] + "." + parts[2],
            token.replacing("_", with: "/").replacing("-", with: "+") + "A",
            "", ".", "..", "...", "a.b.c", "🙂.🙂.🙂",
        ] {
            #expect([.malformed, .signature].contains(await Self.refusal(wrong)), "\(wrong)")
        }
        // The last letter has bits to spare, which have to be zero.
        let last = try #require(parts[2].last)
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where letter != last {
            #expect(await Self.refusal(token.dropLast() + String(letter)) != nil)
        }
    }

    @Test func `a signature holds for what was signed, and nothing else`() async {
        let token = TokenMaker.hs256()
        let other = TokenMaker.hs256(TokenMaker.claims(["scope": "\"admin\""]), key: Array("another secret".utf8))
        #expect(await Self.refusal(other) == .signature)
        let (head, tail) = (other.split(separator: ".")[1], token.split(separator: ".")[2])
        #expect(await Self.refusal("\(token.split(separator: ".")[0]).\(head).\(tail)") == .signature)
        #expect(await Self.refusal(TokenMaker.edDSA(key: SigningKey.generate())) == .signature)
    }

    @Test func `scopes come from three claims, words of others mean nothing, and internal is a set of scopes`()
        async throws
    {
        let claims = TokenMaker.claims([
            "scope": "\"openid read\"", "scp": "[\"scan\"]", "scopes": "\"view  admins\"",
        ])
        #expect(try await Self.check(TokenMaker.hs256(claims)).scopes == [.read, .scan, .view])
        let none = TokenMaker.claims(["scope": nil])
        #expect(try await Self.check(TokenMaker.hs256(none)).scopes == [])
        let service = TokenMaker.claims(["scope": "\"internal\"", "events": "[\"a.b\"]"])
        let identity = try await Self.check(TokenMaker.hs256(service))
        #expect(identity.scopes == [.read, .readPersonal, .enqueue])
        #expect(
            identity.grants.events.allows("payment.succeeded", isGuarded: true)
                && identity.grants.jobs.allows("ticket.generation.requested", isGuarded: false)
        )
    }

    @Test func `a token without a kid is checked by the only key there is, and by none of several`() async throws {
        let token = TokenMaker.edDSA(header: #"{"alg":"EdDSA","typ":"JWT"}"#, key: Self.signing)
        let key = #"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"\#(TokenMaker.encode(Self.signing.publicKey.bytes))"}"#
        let rules = TokenRules(issuer: TokenMaker.issuer, audience: "flotilla")
        let one = TokenChecker(
            rules,
            keys: try TokenKeySet(jsonWebKeys: Array("{\"keys\":[\(key)]}".utf8), from: .file)
        )
        #expect(try await one.check(token, at: TokenMaker.now * 1_000_000).subject == "42")
        let both = "{\"keys\":[\(key),\(key.replacing("\"kid\":\"a\"", with: "\"kid\":\"b\""))]}"
        let two = TokenChecker(rules, keys: try TokenKeySet(jsonWebKeys: Array(both.utf8), from: .file))
        await #expect(throws: TokenRefusal.self) { try await two.check(token, at: TokenMaker.now * 1_000_000) }
    }
}
