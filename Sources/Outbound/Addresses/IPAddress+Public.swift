extension IPAddress {
    /// Whether the address is one of the open Internet, by IANA's registries of special-purpose addresses.
    ///
    /// An address that wraps an IPv4 address (v4-mapped, NAT64) is checked by that. 6to4 and Teredo, which wrap one too
    /// and have no use any more, are not public.
    package var isPublic: Bool {
        switch self {
        case .v4(let bits): !Self.specialV4.contains { $0.contains(bits) }
        case .v6(let high, let low): Self.isPublic(high, low)
        }
    }

    private static func isPublic(_ high: UInt64, _ low: UInt64) -> Bool {
        let isMapped = high == 0 && low >> 32 == 0xffff
        let isNAT64 = high == 0x0064_ff9b_0000_0000 && low >> 32 == 0
        if isMapped || isNAT64 { return IPAddress.v4(UInt32(truncatingIfNeeded: low)).isPublic }
        guard high >> 61 == 0b001 else { return false }
        return !specialV6.contains { $0.contains(high) }
    }

    private struct RangeV4 {
        let prefix: UInt32
        let length: UInt32

        init(_ prefix: UInt32, _ length: UInt32) { (self.prefix, self.length) = (prefix, length) }

        func contains(_ bits: UInt32) -> Bool { (bits ^ prefix) >> (32 - length) == 0 }
    }

    /// Ranges whose length is 64 bits at most.
    private struct RangeV6 {
        let prefix: UInt64
        let length: UInt64

        init(_ prefix: UInt64, _ length: UInt64) { (self.prefix, self.length) = (prefix, length) }

        func contains(_ bits: UInt64) -> Bool { (bits ^ prefix) >> (64 - length) == 0 }
    }

    private static let specialV4: [RangeV4] = [
        RangeV4(0x0000_0000, 8),  // this network
        RangeV4(0x0a00_0000, 8),  // private
        RangeV4(0x6440_0000, 10),  // shared with carriers (CGNAT)
        RangeV4(0x7f00_0000, 8),  // loopback
        RangeV4(0xa9fe_0000, 16),  // link-local, metadata services of clouds included
        RangeV4(0xac10_0000, 12),  // private
        RangeV4(0xc000_0000, 24),  // protocol assignments
        RangeV4(0xc000_0200, 24),  // documentation
        RangeV4(0xc058_6300, 24),  // relays of 6to4
        RangeV4(0xc0a8_0000, 16),  // private
        RangeV4(0xc612_0000, 15),  // benchmarks
        RangeV4(0xc633_6400, 24),  // documentation
        RangeV4(0xcb00_7100, 24),  // documentation
        RangeV4(0xe000_0000, 4),  // multicast
        RangeV4(0xf000_0000, 4),  // reserved, broadcast included
    ]

    /// Within 2000::/3; nothing outside of it is public.
    private static let specialV6: [RangeV6] = [
        RangeV6(0x2001_0000_0000_0000, 23),  // protocol assignments: Teredo, benchmarks, ORCHID
        RangeV6(0x2001_0db8_0000_0000, 32),  // documentation
        RangeV6(0x2002_0000_0000_0000, 16),  // 6to4
        RangeV6(0x3fff_0000_0000_0000, 20),  // documentation
    ]
}
