import CFlotillaCrypto

/// Comparison that takes equally long wherever the first difference is.
package enum ConstantTime {
    /// Whether both are the same bytes; only their lengths can be learnt from the time that it takes.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return unsafe left.withUnsafeBytes { left in
            unsafe right.withUnsafeBytes { right in
                unsafe CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
            }
        }
    }
}
