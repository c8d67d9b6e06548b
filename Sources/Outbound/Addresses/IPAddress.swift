import Glibc

/// An address of IPv4 or IPv6.
package enum IPAddress: Sendable, Hashable, CustomStringConvertible {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    /// Nil when the text is no address. Names are not looked up, and a scope (`%eth0`) is not understood.
    package init?(_ text: String) {
        var four = in_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            self = .v4(UInt32(bigEndian: four.s_addr))
            return
        }
        var six = in6_addr()
        guard unsafe inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self = unsafe withUnsafeBytes(of: &six) { unsafe IPAddress(sixteenBytes: $0) }
    }

    /// Nil for another family than IPv4 and IPv6.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch unsafe CInt(address.pointee.sa_family) {
        case AF_INET:
            let four = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self)
            self = .v4(UInt32(bigEndian: four.sin_addr.s_addr))
        case AF_INET6:
            var six = unsafe UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
            self = unsafe withUnsafeBytes(of: &six.sin6_addr) { unsafe IPAddress(sixteenBytes: $0) }
        default: return nil
        }
    }

    private init(sixteenBytes bytes: UnsafeRawBufferPointer) {
        self = unsafe .v6(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    package var description: String {
        switch self {
        case .v4(let bits):
            return stride(from: 24, through: 0, by: -8).map { "\(bits >> $0 & 255)" }.joined(separator: ".")
        case .v6(let high, let low):
            var six = in6_addr()
            unsafe withUnsafeMutableBytes(of: &six) { bytes in
                unsafe bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            var text = [CChar](repeating: 0, count: 46)
            guard unsafe inet_ntop(AF_INET6, &six, &text, 46) != nil else { return "?" }
            return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
