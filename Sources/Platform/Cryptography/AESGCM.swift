import CFlotillaCrypto

/// AES-256 in Galois/counter mode (NIST SP 800-38D), with a fresh random nonce for each sealed text.
///
/// A sealed text is the nonce (12 bytes), the ciphertext, and the tag (16 bytes). It fails to seal only when OpenSSL
/// has no memory or no randomness, and then ends the process.
package struct AESGCM: Sendable {
    package static let keyLength = 32
    /// How much longer a sealed text is than what it holds.
    package static let overhead = nonceLength + tagLength
    private static let nonceLength = 12
    private static let tagLength = 16

    private let key: [UInt8]

    /// - Parameter key: 32 bytes.
    package init(key: [UInt8]) {
        precondition(key.count == Self.keyLength, "AES-256 needs a key of 32 bytes")
        self.key = key
    }

    /// - Parameters:
    ///   - context: what the text belongs to; it is not in the result, and ``open(_:context:)`` needs it again.
    ///   - sealer: for many texts one after another, whatever their keys.
    package func seal(_ text: [UInt8], context: [UInt8], by sealer: AESGCMSealer = AESGCMSealer()) -> [UInt8] {
        let nonce = sealer.bytes(Self.nonceLength)
        let cipher = unsafe sealer.cipher
        let isReady = unsafe EVP_EncryptInit_ex2(cipher, CipherContext.algorithm, key, nonce, nil) == 1
        precondition(isReady, "OpenSSL has no AES-256-GCM")
        var moved: CInt = 0
        if !context.isEmpty {
            let isTaken = unsafe EVP_EncryptUpdate(cipher, nil, &moved, context, CInt(context.count)) == 1
            precondition(isTaken, "AES-256-GCM failed")
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: text.count + Self.overhead) { buffer, count in
            guard let start = buffer.baseAddress else { preconditionFailure("out of memory for AES-256-GCM") }
            for (place, byte) in nonce.enumerated() { unsafe buffer[place] = byte }
            let body = unsafe start + Self.nonceLength
            let isDone =
                unsafe EVP_EncryptUpdate(cipher, body, &moved, text, CInt(text.count)) == 1
                && EVP_EncryptFinal_ex(cipher, body + text.count, &moved) == 1
                && EVP_CIPHER_CTX_ctrl(
                    cipher,
                    EVP_CTRL_AEAD_GET_TAG,
                    CInt(Self.tagLength),
                    body + text.count
                ) == 1
            precondition(isDone, "AES-256-GCM failed")
            count = text.count + Self.overhead
        }
    }

    /// The text, or `nil` when it was sealed with another key or for another context, or was changed since.
    package func open(_ sealed: [UInt8], context: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.overhead else { return nil }
        let nonce = Array(sealed[..<Self.nonceLength])
        let body = Array(sealed[Self.nonceLength..<sealed.count - Self.tagLength])
        var tag = Array(sealed[(sealed.count - Self.tagLength)...])
        let cipher = CipherContext()
        var moved: CInt = 0
        guard unsafe EVP_DecryptInit_ex2(cipher.pointer, CipherContext.algorithm, key, nonce, nil) == 1 else {
            return nil
        }
        if !context.isEmpty {
            guard unsafe EVP_DecryptUpdate(cipher.pointer, nil, &moved, context, CInt(context.count)) == 1 else {
                return nil
            }
        }
        var isGenuine = false
        let text = unsafe [UInt8](unsafeUninitializedCapacity: body.count + 1) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            isGenuine =
                unsafe EVP_DecryptUpdate(cipher.pointer, start, &moved, body, CInt(body.count)) == 1
                && EVP_CIPHER_CTX_ctrl(cipher.pointer, EVP_CTRL_AEAD_SET_TAG, CInt(Self.tagLength), &tag) == 1
                && EVP_DecryptFinal_ex(cipher.pointer, start + body.count, &moved) == 1
            count = isGenuine ? body.count : 0
        }
        return isGenuine ? text : nil
    }
}

/// What sealing needs besides key and text, made once for many texts. Not for two threads at a time.
package final class AESGCMSealer {
    /// In bytes: of the randomness that is drawn at a time.
    private static let supply = 768

    private let context = CipherContext()
    private var random: [UInt8] = []
    private var used = 0

    package init() {}

    fileprivate var cipher: OpaquePointer { unsafe context.pointer }

    /// Random bytes, each given out once.
    fileprivate func bytes(_ count: Int) -> [UInt8] {
        if used + count > random.count { (random, used) = (RandomBytes.make(max(count, Self.supply)), 0) }
        defer { used += count }
        return Array(random[used..<used + count])
    }
}

/// One use of a cipher.
@safe private struct CipherContext: ~Copyable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = unsafe EVP_CIPHER_CTX_new() else { preconditionFailure("out of memory for AES-256-GCM") }
        unsafe self.pointer = pointer
    }

    deinit { unsafe EVP_CIPHER_CTX_free(pointer) }

    /// Looked up once: OpenSSL 3 spends more on the look-up than on a short text.
    static var algorithm: OpaquePointer { unsafe FetchedCipher.shared.pointer }
}

/// Unchecked, because the pointer is never freed and OpenSSL reads a fetched algorithm from any thread.
@safe private struct FetchedCipher: @unchecked Sendable {
    static let shared = FetchedCipher()

    let pointer: OpaquePointer

    private init() {
        guard let pointer = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else {
            preconditionFailure("OpenSSL has no AES-256-GCM")
        }
        unsafe self.pointer = pointer
    }
}
