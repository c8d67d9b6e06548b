import FlotillaHTTPRouting

/// Where a request comes from, when proxies that are trusted have passed it on.
struct ForwardedOrigin {
    /// Of the client; the proxy's own when it names none that can be believed.
    let address: NetworkAddress?
    /// Whether the client's connection to the proxy is encrypted, by what the proxy says.
    let isEncrypted: Bool

    /// - Parameters:
    ///   - peer: the other end of the connection.
    ///   - proxies: whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
    init(peer: NetworkAddress?, headers: HTTPHeaders, proxies: [AddressRange]) {
        guard let peer, proxies.contains(where: { $0.contains(peer) }) else {
            address = peer
            isEncrypted = false
            return
        }
        // Each proxy appends whom it has the request from: what stands to the left of the first address that is no
        // trusted proxy's was written by that client.
        var client = peer
        for name in headers.list("X-Forwarded-For").reversed() {
            guard let address = NetworkAddress(Self.withoutPort(name)) else { break }
            client = address
            guard proxies.contains(where: { $0.contains(address) }) else { break }
        }
        address = client
        isEncrypted = headers.list("X-Forwarded-Proto").last?.lowercased() == "https"
    }

    /// Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`.
    private static func withoutPort(_ text: String) -> String {
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }
}
