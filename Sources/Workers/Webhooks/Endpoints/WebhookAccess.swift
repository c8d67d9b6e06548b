package import FlotillaOutbound

/// Which endpoints may be called: those of the open Internet over TLS, and what the configuration names.
///
/// The check of the resolved address is made where the connection is opened, and the connection goes to the address that
/// was checked: whatever a name resolves to, and however often that changes, decides nothing else.
package struct WebhookAccess: Sendable {
    /// `host:port` as in URLs, with the port, in small letters: reached at whatever address, encrypted or not.
    package let allowed: Set<String>
    /// Hosts that may be reached without encryption.
    package let plaintextHosts: Set<String>

    package init(allowed: some Sequence<String> = [], plaintextHosts: some Sequence<String> = []) {
        self.allowed = Set(allowed.map { $0.lowercased() })
        self.plaintextHosts = Set(plaintextHosts.map { $0.lowercased() })
    }

    /// Why the endpoint is not called, as far as its URL shows it.
    package func objection(to url: EndpointURL) -> FieldError? {
        if allowed.contains(url.authority) { return nil }
        if let address = url.address, !address.isPublic {
            return FieldError("url", "leads to \(address), which is not a public address; \(Self.remedy(url))")
        }
        if url.host == "localhost" || url.host.hasSuffix(".localhost") {
            return FieldError("url", "leads to this machine; \(Self.remedy(url))")
        }
        guard url.isEncrypted || plaintextHosts.contains(url.host) else {
            return FieldError("url", "is not encrypted: use https, or name \(url.host) in FLOTILLA_ALLOW_PLAINTEXT")
        }
        return nil
    }

    /// As ``objection(to:)``, and after looking up what the host's name resolves to now.
    ///
    /// A name that can't be looked up is no objection: it may be there tomorrow, and is checked again at every delivery.
    package func objectionAfterLookup(
        to url: EndpointURL,
        _ lookUp: (String) async -> [IPAddress] = { await HostLookup.addresses(of: $0) }
    ) async -> FieldError? {
        if let objection = objection(to: url) { return objection }
        guard url.address == nil, !allowed.contains(url.authority) else { return nil }
        let addresses = await lookUp(url.host)
        guard let address = addresses.first(where: { !$0.isPublic }) else { return nil }
        return FieldError(
            "url",
            "leads to \(address), which is not a public address (\(url.host) resolves to it); \(Self.remedy(url))"
        )
    }

    /// Asked with every address before it is connected to; `nil` where every address will do.
    package func addressCheck(for url: EndpointURL) -> (@Sendable (IPAddress) -> Bool)? {
        if allowed.contains(url.authority) { return nil }
        return { $0.isPublic }
    }

    private static func remedy(_ url: EndpointURL) -> String {
        "to allow it, name \(url.authority) in FLOTILLA_WEBHOOK_ALLOW_PRIVATE"
    }
}
