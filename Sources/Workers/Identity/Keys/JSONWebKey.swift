import FlotillaModels
import FlotillaPlatform

/// Reads one key of a JSON Web Key Set (RFC 7517, RFC 7518, RFC 8037).
enum JSONWebKey {
    /// - Returns: `nil` for keys that are not for signatures of the algorithms here.
    /// - Throws: what is wrong with one that is.
    static func key(
        _ json: JSONValue,
        from origin: TokenKeySet.Origin
    ) throws(TokenKeySet.Problem) -> TokenKey? {
        guard let type = json["kty"]?.text, isForSignatures(json) else { return nil }
        if let name = json["alg"]?.text, TokenAlgorithm(name: name) != algorithm(of: type) { return nil }
        if type != "oct", json["d"] != nil { throw .init("holds its private half: give the public one only") }
        switch type {
        case "RSA":
            guard let modulus = bytes(json, "n"), let exponent = bytes(json, "e"),
                let key = RSAPublicKey(modulus: modulus, exponent: exponent)
            else { throw .init("is no RSA key of 2048 to 8192 bits in n and e") }
            return TokenKey(key)
        case "OKP":
            guard json["crv"]?.text == "Ed25519" else { return nil }
            guard let key = bytes(json, "x").flatMap(VerificationKey.init(bytes:)) else {
                throw .init("is no Ed25519 key of 32 bytes in x")
            }
            return TokenKey(key)
        case "oct":
            guard origin == .file else { return nil }
            guard let key = bytes(json, "k").flatMap(TokenKey.init(secret:)) else {
                throw .init("is no secret of at least \(TokenKey.shortestSecret) bytes in k")
            }
            return key
        default: return nil
        }
    }

    private static func algorithm(of type: String) -> TokenAlgorithm? {
        switch type {
        case "RSA": .rs256
        case "OKP": .edDSA
        case "oct": .hs256
        default: nil
        }
    }

    private static func isForSignatures(_ json: JSONValue) -> Bool {
        if let use = json["use"], use.text != "sig" { return false }
        if let operations = json["key_ops"], operations.textOrTexts?.contains("verify") != true { return false }
        return true
    }

    private static func bytes(_ json: JSONValue, _ name: String) -> [UInt8]? {
        json[name]?.text.flatMap { Base64URL.decode($0.utf8) }
    }
}
