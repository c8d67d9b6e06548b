import CFlotillaCrypto

/// HMAC-SHA256 (RFC 2104): a digest that nobody without the key can compute.
package struct KeyedDigest: Sendable {
    private let key: [UInt8]

    package init(key: [UInt8]) { self.key = key }

    /// 32 bytes.
    package func digest(_ bytes: [UInt8]) -> [UInt8] {
        var length: CUnsignedInt = 0
        return unsafe [UInt8](unsafeUninitializedCapacity: SHA256.length) { buffer, count in
            let result = unsafe HMAC(
                EVP_sha256(),
                key,
                CInt(key.count),
                bytes,
                bytes.count,
                buffer.baseAddress,
                &length
            )
            precondition(unsafe result != nil, "HMAC-SHA256 failed")
            count = SHA256.length
        }
    }

    /// The digest of the UTF-8 bytes of `text`.
    package func digest(_ text: String) -> [UInt8] { digest(Array(text.utf8)) }
}
