import CFlotillaCrypto

/// SHA-1 (FIPS 180-4), for naming things only: Redis calls scripts by it. It protects nothing.
package enum SHA1 {
    package static func digest(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return unsafe [UInt8](unsafeUninitializedCapacity: 20) { buffer, count in
            let status = unsafe bytes.withUnsafeBytes { raw in
                unsafe EVP_Digest(raw.baseAddress, raw.count, buffer.baseAddress, nil, EVP_sha1(), nil)
            }
            precondition(status == 1, "SHA-1 failed")
            count = 20
        }
    }
}
