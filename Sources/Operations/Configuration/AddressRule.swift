/// Which server addresses are acceptable: known schemes, and nothing readable on its way to another machine.
package struct AddressRule: Sendable {
    private let schemes: [String]
    private let isEncrypted: @Sendable (ServerURL) -> Bool

    /// - Parameters:
    ///   - schemes: the accepted ones; the first is shown as an example.
    ///   - isEncrypted: whether nobody can read along. Other addresses have to be this machine's, unless
    ///     `FLOTILLA_ALLOW_PLAINTEXT` names their host.
    package init(schemes: [String], isEncrypted: @escaping @Sendable (ServerURL) -> Bool) {
        self.schemes = schemes
        self.isEncrypted = isEncrypted
    }

    /// `https://`, or `http://` on this machine.
    package static let http = AddressRule(schemes: ["http", "https"]) { $0.scheme == "https" }

    /// What is wrong with an address, a line each. The text itself may hold a password and is never repeated.
    package func problems(with text: String, of name: String, allowedPlaintextHosts: [String]) -> [String] {
        guard let url = ServerURL(text) else {
            let isEncodable = text.contains("@") || text.contains("%")
            let hint = isEncodable ? "; / ? # @ % in a user or password are written %2F %3F %23 %40 %25" : ""
            return ["\(name) has to be a URL such as \(schemes[0])://host\(hint)"]
        }
        guard schemes.contains(url.scheme) else {
            let tls = url.scheme == "rediss" ? " (this Redis client has no TLS: use a tunnel)" : ""
            return ["\(name) has to begin with \(schemes.map { $0 + "://" }.joined(separator: " or "))\(tls)"]
        }
        guard !isEncrypted(url) else { return [] }
        return url.remoteHosts.filter { !allowedPlaintextHosts.contains($0) }.map { host in
            "\(name) would send passwords unencrypted to \(host): \(remedy(for: url.scheme)), "
                + "or allow it with FLOTILLA_ALLOW_PLAINTEXT=\(host)"
        }
    }

    private func remedy(for scheme: String) -> String {
        switch scheme {
        case "amqp": "use amqps://"
        case "http": "use https://"
        case "smtp": "leave tls=none out"
        case "postgres", "postgresql": "add sslmode=verify-full"
        default: "use a tunnel"
        }
    }
}
