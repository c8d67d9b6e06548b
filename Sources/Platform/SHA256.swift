import CFlotillaCrypto

/// SHA-256 (FIPS 180-4) of bytes at hand.
package enum SHA256 {
    /// The length of a digest, in bytes.
    package static let length = 32

    package static func digest(_ bytes: [UInt8]) -> [UInt8] { unsafe digest(bytes.span.bytes) }

    /// The digest of the UTF-8 bytes of `text`.
    package static func digest(_ text: String) -> [UInt8] { unsafe digest(text.utf8Span.span.bytes) }

    package static func digest(_ bytes: RawSpan) -> [UInt8] {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }
}

/// A SHA-256 computation that can be fed in pieces, and used again after ``finish()``.
///
/// Making one costs a few allocations; using one again costs none but the digest's. It fails only when memory is
/// exhausted, and then ends the process.
@safe package struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer

    package init() {
        guard let context = unsafe EVP_MD_CTX_new() else { preconditionFailure("out of memory for SHA-256") }
        unsafe self.context = context
        start()
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: [UInt8]) { unsafe update(bytes.span.bytes) }

    /// Adds the UTF-8 bytes of `text`.
    package mutating func update(_ text: String) { unsafe update(text.utf8Span.span.bytes) }

    package mutating func update(_ bytes: RawSpan) {
        let status = unsafe bytes.withUnsafeBytes { raw in
            unsafe EVP_DigestUpdate(context, raw.baseAddress, raw.count)
        }
        precondition(status == 1, "SHA-256 failed")
    }

    /// The digest of everything since the last start, and a new start.
    package mutating func finish() -> [UInt8] {
        let digest = unsafe [UInt8](unsafeUninitializedCapacity: SHA256.length) { buffer, count in
            let status = unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(status == 1, "SHA-256 failed")
            count = SHA256.length
        }
        start()
        return digest
    }

    private borrowing func start() {
        let status = unsafe EVP_DigestInit_ex2(context, SHA256Algorithm.shared.pointer, nil)
        precondition(status == 1, "SHA-256 failed")
    }
}

/// The algorithm, looked up once: OpenSSL 3 spends more on the look-up than on a short message.
///
/// Unchecked, because the pointer is never freed and OpenSSL reads a fetched algorithm from any thread.
@safe private struct SHA256Algorithm: @unchecked Sendable {
    static let shared = SHA256Algorithm()

    let pointer: OpaquePointer

    private init() {
        guard let pointer = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("OpenSSL has no SHA-256")
        }
        unsafe self.pointer = pointer
    }
}
