import FlotillaModels
package import FlotillaPlatform

/// Makes tokens as an issuer would, and as nobody should.
package enum TokenMaker {
    package static let issuer = "https://auth.example.com"
    package static let secret = Array("a secret that is long enough for HS256".utf8)
    /// When it is to these tokens, in seconds since 1970: a time that no machine of the tests has yet.
    package static let now: Int64 = 4_000_000_000

    /// The claims of a good token, as JSON, with some exchanged for others; `nil` leaves one out.
    package static func claims(_ changes: [String: String?] = [:]) -> String {
        var claims: [String: String?] = [
            "iss": "\"\(issuer)\"", "aud": "\"flotilla\"", "sub": "\"42\"", "jti": "\"t1\"", "iat": "\(now)",
            "exp": "\(now + 3_600)", "scope": "\"read enqueue\"",
        ]
        for (name, value) in changes { claims.updateValue(value, forKey: name) }
        let members = claims.sorted { $0.key < $1.key }.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return "{\(members.joined(separator: ","))}"
    }

    package static func hs256(
        _ claims: String = claims(),
        header: String = #"{"alg":"HS256","typ":"JWT"}"#,
        key: [UInt8] = secret
    ) -> String {
        let text = encode(header) + "." + encode(claims)
        return text + "." + encode(KeyedDigest(key: key).digest(text))
    }

    package static func edDSA(
        _ claims: String = claims(),
        header: String = #"{"alg":"EdDSA","typ":"JWT","kid":"ed"}"#,
        key: SigningKey
    ) -> String {
        let text = encode(header) + "." + encode(claims)
        return text + "." + encode(key.signature(of: Array(text.utf8)))
    }

    package static func encode(_ text: String) -> String { encode(Array(text.utf8)) }

    package static func encode(_ bytes: [UInt8]) -> String {
        let replaced = Base64.encode(bytes).map { character -> Character in
            character == "+" ? "-" : character == "/" ? "_" : character
        }
        return String(replaced.filter { $0 != "=" })
    }
}
