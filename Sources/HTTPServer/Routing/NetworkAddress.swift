import Glibc

/// An IPv6 address; IPv4 is written as `::ffff:a.b.c.d`.
package struct NetworkAddress: Sendable, Hashable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    /// - Parameter bytes: 16 of them, in network order.
    package init(_ bytes: [UInt8]) {
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes an IPv4 or IPv6 address as it is usually written.
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if text.utf8.contains(UInt8(ascii: ":")) {
            guard unsafe inet_pton(AF_INET6, text, &bytes) == 1 else { return nil }
        } else {
            var parts = [UInt8](repeating: 0, count: 4)
            guard unsafe inet_pton(AF_INET, text, &parts) == 1 else { return nil }
            bytes.replaceSubrange(10..<16, with: [0xff, 0xff] + parts)
        }
        self.init(bytes)
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    package var isLoopback: Bool { isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1 }

    /// What one client has: an IPv4 address, or the IPv6 network of 64 bits that its provider gave it.
    package var client: NetworkAddress { isIPv4 ? self : NetworkAddress(high: high, low: 0) }

    /// As it is usually written; IPv4 with its dots.
    package var description: String {
        let bytes = [high, low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
        }
        if isIPv4 { return bytes.suffix(4).map { String($0) }.joined(separator: ".") }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
