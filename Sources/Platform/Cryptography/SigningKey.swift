import CFlotillaCrypto

/// An Ed25519 key pair (RFC 8032) to sign with.
package struct SigningKey: Sendable {
    package static let seedLength = 32

    /// The private half, as RFC 8032 keeps it.
    package let seed: [UInt8]
    package let publicKey: VerificationKey

    package static func generate() -> SigningKey {
        guard let key = SigningKey(seed: RandomBytes.make(seedLength)) else {
            preconditionFailure("OpenSSL has no Ed25519")
        }
        return key
    }

    /// - Returns: `nil` unless the seed has 32 bytes.
    package init?(seed: [UInt8]) {
        guard seed.count == Self.seedLength, let handle = SignatureKey(privateSeed: seed) else { return nil }
        var publicBytes = [UInt8](repeating: 0, count: VerificationKey.length)
        var length = publicBytes.count
        guard unsafe EVP_PKEY_get_raw_public_key(handle.pointer, &publicBytes, &length) == 1,
            let publicKey = VerificationKey(bytes: publicBytes)
        else { return nil }
        self.seed = seed
        self.publicKey = publicKey
    }

    /// The signature, 64 bytes; the same message always has the same.
    package func signature(of message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerificationKey.signatureLength)
        var length = signature.count
        let digest = DigestContext()
        guard let handle = SignatureKey(privateSeed: seed),
            unsafe EVP_DigestSignInit(digest.pointer, nil, nil, nil, handle.pointer) == 1,
            unsafe EVP_DigestSign(digest.pointer, &signature, &length, message, message.count) == 1
        else { preconditionFailure("Ed25519 failed") }
        return signature
    }
}

/// The public half of a ``SigningKey``.
package struct VerificationKey: Sendable, Hashable {
    package static let length = 32
    package static let signatureLength = 64

    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// 16 hexadecimal digits that stand for the key.
    package var id: String { SHA256.digest(bytes).prefix(8).hexadecimal }

    package func isValid(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        let digest = DigestContext()
        guard signature.count == Self.signatureLength, let handle = SignatureKey(publicBytes: bytes),
            unsafe EVP_DigestVerifyInit(digest.pointer, nil, nil, nil, handle.pointer) == 1
        else { return false }
        return unsafe EVP_DigestVerify(digest.pointer, signature, signature.count, message, message.count) == 1
    }
}

@safe private struct SignatureKey: ~Copyable {
    let pointer: OpaquePointer

    init?(privateSeed seed: [UInt8]) {
        guard let pointer = unsafe EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
            return nil
        }
        unsafe self.pointer = pointer
    }

    init?(publicBytes bytes: [UInt8]) {
        guard let pointer = unsafe EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count) else {
            return nil
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_PKEY_free(pointer) }
}

/// One use of a digest.
@safe struct DigestContext: ~Copyable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory for a signature") }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_MD_CTX_free(pointer) }
}
