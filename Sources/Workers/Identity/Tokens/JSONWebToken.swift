package import FlotillaModels

/// A JSON Web Token as its sender has written it (RFC 7519, in the compact form of RFC 7515): read, and believed in
/// nothing yet.
package struct JSONWebToken: Sendable {
    /// In bytes; longer ones are refused before anything of them is read.
    package static let longest = 8_192
    /// Header parameters by which a token would choose its own key, or ask for something that is not understood here.
    private static let refusedParameters = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"]
    private static let types = ["jwt", "at+jwt"]

    package let algorithm: TokenAlgorithm
    /// `kid`
    package let keyName: String?
    package let claims: JSONValue
    /// What the signature is of.
    let signedText: [UInt8]
    let signature: [UInt8]

    /// Whether a text has the form of a token, without looking into it.
    package static func isLikely(_ text: String) -> Bool { text.utf8.count { $0 == UInt8(ascii: ".") } == 2 }

    package init(_ text: String) throws(TokenRefusal) {
        guard text.utf8.count <= Self.longest else {
            throw TokenRefusal(.tooLong, "is longer than \(Self.longest) bytes")
        }
        let bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw TokenRefusal(.malformed, "has not three parts with dots between them") }
        guard let header = Base64URL.decode(parts[0]).flatMap(JSONValue.strictObject) else {
            throw TokenRefusal(.malformed, "has a header that is no JSON object in base64url, or has a member twice")
        }
        (algorithm, keyName) = try Self.read(header)
        guard let claims = Base64URL.decode(parts[1]).flatMap(JSONValue.strictObject) else {
            throw TokenRefusal(.malformed, "has claims that are no JSON object in base64url, or a claim twice")
        }
        guard let signature = Base64URL.decode(parts[2]), !signature.isEmpty else {
            throw TokenRefusal(.malformed, "has no signature in base64url")
        }
        self.claims = claims
        self.signature = signature
        signedText = Array(bytes[..<parts[1].endIndex])
    }

    private static func read(_ header: JSONValue) throws(TokenRefusal) -> (TokenAlgorithm, String?) {
        for name in refusedParameters where header[name] != nil {
            throw TokenRefusal(.header, "has the header parameter \(name), which is not taken here")
        }
        guard let name = header["alg"]?.text else { throw TokenRefusal(.algorithm, "names no algorithm") }
        guard let algorithm = TokenAlgorithm(name: name) else {
            throw TokenRefusal(.algorithm, "names an algorithm other than HS256, RS256 and EdDSA")
        }
        guard let type = header["typ"]?.text?.lowercased() else { throw TokenRefusal(.type, "does not say its type") }
        let short = type.hasPrefix("application/") ? String(type.dropFirst(12)) : type
        guard types.contains(short) else { throw TokenRefusal(.type, "is of a type other than JWT and at+jwt") }
        guard let key = header["kid"] else { return (algorithm, nil) }
        guard let key = key.text, (1...255).contains(key.utf8.count) else {
            throw TokenRefusal(.key, "has a kid that is no name of a key")
        }
        return (algorithm, key)
    }
}
