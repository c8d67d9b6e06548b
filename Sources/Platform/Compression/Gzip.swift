import CFlotillaZlib

/// Packs bytes as gzip (RFC 1952).
package enum Gzip {
    /// Between speed and size: for answers that are made anew each time.
    private static let level: CInt = 4

    /// `nil` without memory for it.
    package static func pack(_ bytes: [UInt8]) -> [UInt8]? {
        var input = bytes
        var stream = unsafe z_stream()
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        // 15 bits of window, and 16 for gzip's own head and sum.
        guard
            unsafe deflateInit2_(
                &stream,
                level,
                Z_DEFLATED,
                MAX_WBITS + 16,
                8,
                Z_DEFAULT_STRATEGY,
                ZLIB_VERSION,
                size
            ) == Z_OK
        else { return nil }
        defer { unsafe deflateEnd(&stream) }
        let bound = unsafe Int(deflateBound(&stream, UInt(bytes.count)))
        var isWhole = false
        let packed = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = buffer.baseAddress
                unsafe stream.avail_out = UInt32(bound)
                isWhole = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = unsafe bound - Int(stream.avail_out)
            }
        }
        return isWhole ? packed : nil
    }
}
