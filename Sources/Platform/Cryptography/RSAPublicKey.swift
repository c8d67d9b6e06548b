import CFlotillaCrypto

/// An RSA public key that checks signatures of RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017), which JSON Web Tokens call
/// RS256.
///
/// Unchecked, because the pointer never changes and OpenSSL lets many threads verify with one key.
@safe package final class RSAPublicKey: @unchecked Sendable {
    /// Shorter ones are broken or soon will be (RFC 7518, section 3.3); longer ones only cost time.
    package static let acceptedBits = 2_048...8_192

    package let bits: Int
    private let pointer: OpaquePointer

    /// - Parameters: big-endian numbers.
    /// - Returns: `nil` when the numbers make no key, or one of another size than ``acceptedBits``.
    package convenience init?(modulus: [UInt8], exponent: [UInt8]) {
        guard modulus.count <= Self.acceptedBits.upperBound / 8 + 1, (1...8).contains(exponent.count),
            let last = exponent.last, last & 1 == 1, exponent.drop(while: { $0 == 0 }) != [1]
        else { return nil }
        let key = DER.sequence(DER.integer(modulus) + DER.integer(exponent))
        self.init(subjectPublicKeyInfo: DER.sequence(DER.rsaEncryption + DER.bitString(key)))
    }

    /// - Parameter der: a SubjectPublicKeyInfo (RFC 5280): what a PEM file `PUBLIC KEY` holds.
    /// - Returns: `nil` for anything else than one RSA key of ``acceptedBits``.
    package init?(subjectPublicKeyInfo der: [UInt8]) {
        let parsed = unsafe der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var next = bytes.baseAddress
            guard let key = unsafe d2i_PUBKEY(nil, &next, CLong(bytes.count)) else { return nil }
            guard unsafe next == bytes.baseAddress.map({ unsafe $0 + bytes.count }) else {
                unsafe EVP_PKEY_free(key)
                return nil
            }
            return unsafe key
        }
        guard let parsed = unsafe parsed else {
            ERR_clear_error()
            return nil
        }
        let bits = unsafe Int(EVP_PKEY_get_bits(parsed))
        guard unsafe EVP_PKEY_is_a(parsed, "RSA") == 1, Self.acceptedBits.contains(bits) else {
            unsafe EVP_PKEY_free(parsed)
            return nil
        }
        self.bits = bits
        unsafe pointer = parsed
    }

    deinit { unsafe EVP_PKEY_free(pointer) }

    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == (bits + 7) / 8 else { return false }
        let digest = DigestContext()
        guard unsafe EVP_DigestVerifyInit(digest.pointer, nil, EVP_sha256(), nil, pointer) == 1 else { return false }
        let isValid =
            unsafe EVP_DigestVerify(digest.pointer, signature, signature.count, message, message.count) == 1
        if !isValid { ERR_clear_error() }
        return isValid
    }
}

/// As much of the distinguished encoding rules (X.690) as a public key needs.
private enum DER {
    /// The algorithm 1.2.840.113549.1.1.1, with its parameter NULL.
    static let rsaEncryption: [UInt8] = [
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]

    static func sequence(_ content: [UInt8]) -> [UInt8] { [0x30] + length(content.count) + content }

    static func bitString(_ content: [UInt8]) -> [UInt8] { [0x03] + length(content.count + 1) + [0] + content }

    /// A number above zero, given without a sign.
    static func integer(_ bytes: [UInt8]) -> [UInt8] {
        var digits = Array(bytes.drop { $0 == 0 })
        if digits.first.map({ $0 >= 0x80 }) ?? true { digits.insert(0, at: 0) }
        return [0x02] + length(digits.count) + digits
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 0x80 else { return [UInt8(count)] }
        let digits = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: count >> $0) }
            .drop { $0 == 0 }
        return [0x80 | UInt8(digits.count)] + digits
    }
}
