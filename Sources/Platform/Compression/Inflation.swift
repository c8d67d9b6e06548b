import CFlotillaZlib

/// Unpacks gzip and deflate.
package enum Inflation {
    package enum Format {
        case gzip
        /// What RFC 9110 calls deflate, which is zlib's format, and the bare stream that some send instead.
        case deflate, bareDeflate

        fileprivate var windowBits: CInt {
            switch self {
            case .gzip: MAX_WBITS + 16
            case .deflate: MAX_WBITS
            case .bareDeflate: -MAX_WBITS
            }
        }
    }

    package enum Problem: Error {
        case broken
        /// The end is missing.
        case truncated
        /// There is more than was allowed.
        case tooLarge
    }

    private static let step = 64 << 10

    /// - Parameter limit: how many bytes may come out; no more than these are ever held.
    package static func unpack(_ bytes: [UInt8], _ format: Format, upTo limit: Int) throws(Problem) -> [UInt8] {
        var input = bytes
        var output: [UInt8] = []
        var stream = unsafe z_stream()
        let size = unsafe CInt(MemoryLayout<z_stream>.size)
        guard unsafe inflateInit2_(&stream, format.windowBits, ZLIB_VERSION, size) == Z_OK else { throw .broken }
        defer { unsafe inflateEnd(&stream) }
        let isWhole = unsafe input.withUnsafeMutableBufferPointer { source -> Result<Void, Problem> in
            unsafe stream.next_in = source.baseAddress
            unsafe stream.avail_in = UInt32(source.count)
            while true {
                guard output.count <= limit else { return .failure(.tooLarge) }
                let status = unsafe append(to: &output, from: &stream, atMost: limit + 1 - output.count)
                if status == Z_STREAM_END {
                    if unsafe stream.avail_in == 0 {
                        return output.count <= limit ? .success(()) : .failure(.tooLarge)
                    }
                    // Zeros behind gzip data are padding, as gzip(1) takes it.
                    let rest = unsafe UnsafeBufferPointer(start: stream.next_in, count: Int(stream.avail_in))
                    if format == .gzip, unsafe rest.allSatisfy({ $0 == 0 }) {
                        return output.count <= limit ? .success(()) : .failure(.tooLarge)
                    }
                    // Gzip data may be several files behind each other.
                    guard format == .gzip, unsafe inflateReset(&stream) == Z_OK else { return .failure(.broken) }
                } else if status != Z_OK {
                    if output.count > limit { return .failure(.tooLarge) }
                    return .failure(status == Z_BUF_ERROR ? .truncated : .broken)
                }
            }
        }
        try isWhole.get()
        return output
    }

    private static func append(to output: inout [UInt8], from stream: inout z_stream, atMost room: Int) -> CInt {
        let size = min(step, max(room, 1))
        var status = Z_OK
        output += unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            unsafe stream.next_out = buffer.baseAddress
            unsafe stream.avail_out = UInt32(size)
            status = unsafe inflate(&stream, Z_NO_FLUSH)
            count = unsafe size - Int(stream.avail_out)
        }
        return status
    }
}
