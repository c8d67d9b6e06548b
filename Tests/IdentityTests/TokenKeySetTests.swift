import FlotillaPlatform
import Testing

@testable import FlotillaIdentity

struct TokenKeySetTests {
    private static func set(_ keys: String..., origin: TokenKeySet.Origin = .file) throws -> TokenKeySet {
        try TokenKeySet(jsonWebKeys: Array("{\"keys\":[\(keys.joined(separator: ","))]}".utf8), from: origin)
    }

    private static let rsa = #"{"kty":"RSA","kid":"r","n":"\#(TokenVectors.modulus)","e":"AQAB"}"#
    private static let ed = #"{"kty":"OKP","crv":"Ed25519","kid":"e","x":"\#(TokenVectors.ed25519)"}"#
    private static let oct = #"{"kty":"oct","kid":"o","k":"\#(TokenVectors.secret)"}"#

    private static func isValid(_ token: String, by key: TokenKey?) throws -> Bool {
        let parts = token.split(separator: ".").map(String.init)
        let signature = try #require(Base64URL.decode(parts[2].utf8))
        return try #require(key).isValid(signature, of: Array("\(parts[0]).\(parts[1])".utf8))
    }

    @Test func `the signatures of RFC 7515 and RFC 8037 are those of their keys, and of no others`() throws {
        let set = try Self.set(Self.rsa, Self.ed, Self.oct)
        #expect(set.names == ["e", "o", "r"])
        let tokens = ["o": TokenVectors.hs256, "r": TokenVectors.rs256, "e": TokenVectors.edDSA]
        for (name, token) in tokens {
            for other in set.names { #expect(try Self.isValid(token, by: set.key(other)) == (name == other)) }
            let broken = token.replacing(".", with: ".e", maxReplacements: 1)
            #expect(try !Self.isValid(broken, by: set.key(name)))
        }
        #expect(set.key("x") == nil && set.key(nil) == nil)
    }

    @Test func `a file may be one public key as PEM, which is for tokens that name none`() throws {
        let rsa = try TokenKeySet(file: Array(TokenVectors.rsaPEM.utf8))
        #expect(rsa.key(nil)?.algorithm == .rs256)
        #expect(try Self.isValid(TokenVectors.rs256, by: rsa.key(nil)))
        let ed = try TokenKeySet(file: Array("\n  \(TokenVectors.ed25519PEM)\r\n".utf8))
        #expect(ed.key(nil)?.algorithm == .edDSA)
        #expect(try Self.isValid(TokenVectors.edDSA, by: ed.key(nil)))
        #expect(ed.key("any") == nil)
    }

    @Test(arguments: [
        (#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "is no RSA key of 2048 to 8192 bits in n and e"),
        (#"{"kty":"RSA","n":"\#(TokenVectors.modulus)","e":"AQ"}"#, "is no RSA key"),
        (#"{"kty":"RSA","n":"\#(TokenVectors.modulus)="  ,"e":"AQAB"}"#, "is no RSA key"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"AQAB"}"#, "is no Ed25519 key of 32 bytes"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"\#(TokenVectors.ed25519)","d":"AQAB"}"#, "holds its private half"),
        (#"{"kty":"oct","k":"c2hvcnQ"}"#, "is no secret of at least 32 bytes in k"),
    ])
    func `a key in a file that can't be used is a mistake`(key: String, problem: String) {
        let error = #expect(throws: TokenKeySet.Problem.self) { try Self.set(Self.ed, key) }
        #expect(error?.description.hasPrefix("key 2 \(problem)") == true, "\(error?.description ?? "")")
    }

    @Test func `among published keys those that can't be used are left out, and secrets are none`() throws {
        let set = try Self.set(
            Self.ed,
            Self.oct,
            #"{"kty":"RSA","kid":"short","n":"AQAB","e":"AQAB"}"#,
            #"{"kty":"EC","kid":"ec","crv":"P-256","x":"AA","y":"AA"}"#,
            #"{"kty":"RSA","kid":"enc","use":"enc","n":"\#(TokenVectors.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","kid":"sign","key_ops":["sign"],"n":"\#(TokenVectors.modulus)","e":"AQAB"}"#,
            #"{"kty":"RSA","kid":"pss","alg":"PS256","n":"\#(TokenVectors.modulus)","e":"AQAB"}"#,
            origin: .network
        )
        #expect(set.names == ["e"])
    }

    @Test func `a published key without a name is left out where there are others`() throws {
        let unnamed = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(TokenVectors.ed25519)\"}"
        let set = try TokenKeySet(jsonWebKeys: Array("{\"keys\":[\(Self.ed),\(unnamed)]}".utf8), from: .network)
        #expect(set.names == ["e"] && set.key("e") != nil)
        let only = try TokenKeySet(jsonWebKeys: Array("{\"keys\":[\(unnamed)]}".utf8), from: .network)
        #expect(only.key(nil) != nil)
    }

    @Test(arguments: [
        ("{}", "is no JSON Web Key Set"), ("{\"keys\":[]}", "has no key"), ("[]", "is neither a JSON Web Key Set nor"),
        ("{\"keys\":[],\"keys\":[]}", "is no JSON Web Key Set"),
        ("{\"keys\":[\(ed),\(ed)]}", "has the kid e twice"),
        (
            "{\"keys\":[\(ed),{\"kty\":\"oct\",\"k\":\"\(TokenVectors.secret)\"}]}",
            "has several keys, of which one has no"
        ),
        (TokenVectors.shortPEM, "holds a public key that is neither RSA of 2048"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "holds a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "has to hold one PUBLIC KEY"),
        (TokenVectors.ed25519PEM + "\n" + TokenVectors.rsaPEM, "has to hold one PUBLIC KEY"),
        ("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", "holds a key that is not in base64"),
    ])
    func `a file that is no set of keys is refused with the reason, and without its text`(text: String, problem: String)
    {
        let error = #expect(throws: TokenKeySet.Problem.self) { try TokenKeySet(file: Array(text.utf8)) }
        #expect(error?.description.hasPrefix(problem) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(TokenVectors.secret) == false)
    }
}
