import FlotillaModels
import FlotillaPlatform

/// Reads a public key as `openssl pkey -pubout` writes it (RFC 7468).
enum PublicKeyPEM {
    /// What stands before the 32 bytes of an Ed25519 key (RFC 8410).
    private static let ed25519: [UInt8] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00]

    static func key(_ file: [UInt8]) throws(TokenKeySet.Problem) -> TokenKey {
        let lines = String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.trimmingPrefix(while: \.isWhitespace) }
        let starts = lines.filter { $0.hasPrefix("-----BEGIN ") }
        guard let start = starts.first else { throw .init("is neither a JSON Web Key Set nor a key as PEM") }
        if start.contains("PRIVATE") { throw .init("holds a private key: give the public one only") }
        guard starts.count == 1, start.hasPrefix("-----BEGIN PUBLIC KEY-----") else {
            throw .init(
                "has to hold one PUBLIC KEY, as openssl pkey -pubout writes it; several go into a JSON Web Key Set"
            )
        }
        let body = lines.drop { !$0.hasPrefix("-----BEGIN ") }.dropFirst().prefix { !$0.hasPrefix("-----END ") }
        guard let der = Base64.decode(body.joined().filter { !$0.isWhitespace }) else {
            throw .init("holds a key that is not in base64")
        }
        if der.starts(with: ed25519), let key = VerificationKey(bytes: Array(der.dropFirst(ed25519.count))) {
            return TokenKey(key)
        }
        guard let key = RSAPublicKey(subjectPublicKeyInfo: der) else {
            throw .init("holds a public key that is neither RSA of 2048 to 8192 bits nor Ed25519")
        }
        return TokenKey(key)
    }
}
