import CFlotillaCrypto

/// Unpredictable bytes, fit for secrets.
package enum RandomBytes {
    /// Ends the process when the system has no randomness, since nothing safe could be done without.
    package static func make(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let status = unsafe RAND_bytes(buffer.baseAddress, CInt(count))
            precondition(status == 1, "OpenSSL has no randomness")
            initialized = count
        }
    }
}
