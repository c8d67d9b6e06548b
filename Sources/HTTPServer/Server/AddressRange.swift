import FlotillaHTTPRouting

/// Addresses that begin alike: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
package struct AddressRange: Sendable, Hashable {
    private let first: NetworkAddress
    private let length: Int

    /// `nil` for what is no address, or has a length that its kind does not have.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let address = NetworkAddress(parts[0]) else { return nil }
        let isIPv4 = !parts[0].utf8.contains(UInt8(ascii: ":"))
        let longest = isIPv4 ? 32 : 128
        var length = longest
        if parts.count > 1 {
            guard let given = Int(parts[1]), (0...longest).contains(given) else { return nil }
            length = given
        }
        first = address
        self.length = length + 128 - longest
    }

    func contains(_ address: NetworkAddress) -> Bool {
        let high = first.high ^ address.high
        let low = first.low ^ address.low
        if length == 0 { return true }
        if length <= 64 { return high >> UInt64(64 - length) == 0 }
        return high == 0 && (length == 128 ? low == 0 : low >> UInt64(128 - length) == 0)
    }
}
