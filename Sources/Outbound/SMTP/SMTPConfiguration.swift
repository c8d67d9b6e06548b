package import FlotillaPlatform
import FoundationEssentials

/// A mail server that takes our mail (RFC 6409), and how it is talked to.
package struct SMTPConfiguration: Sendable {
    package enum Encryption: Sendable, Hashable {
        /// Begins in plaintext; nothing of worth is said before STARTTLS has succeeded.
        case startTLS
        /// TLS from the first byte (RFC 8314).
        case implicit
        case none
    }

    package var host: String
    package var port: Int
    package var user: String?
    package var password: Secret?
    package var encryption: Encryption
    /// A file of authorities to trust instead of the system's.
    package var authorities: String?
    /// What we say that we are in EHLO; the machine's name by default.
    package var helloName: String?
    /// Until the server has let us in: connection, greeting, TLS and password.
    package var connectTimeout: Duration
    /// For each of the server's replies before it has the whole mail; in whole seconds.
    package var timeout: Duration
    /// For the answer to the whole mail, which servers examine before they take it (RFC 5321, 4.5.3.2.6, has ten minutes).
    /// Who gives up too early sends a mail twice. In whole seconds.
    package var dataReplyTimeout: Duration

    package init(
        host: String,
        port: Int,
        user: String? = nil,
        password: Secret? = nil,
        encryption: Encryption = .startTLS,
        authorities: String? = nil,
        helloName: String? = nil,
        connectTimeout: Duration = .seconds(10),
        timeout: Duration = .seconds(15),
        dataReplyTimeout: Duration = .seconds(180)
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self.encryption = encryption
        self.authorities = authorities
        self.helloName = helloName
        self.connectTimeout = connectTimeout
        self.timeout = timeout
        self.dataReplyTimeout = dataReplyTimeout
    }

    /// Reads `smtp[s]://[user:password@]host[:port][/helo-name][?tls=none]`.
    ///
    /// The port is 587 by default, 465 for `smtps`. `smtp` requires STARTTLS, unless the server is this machine or one of
    /// `plaintextHosts` and the URL says `tls=none`.
    ///
    /// - Throws: `.invalidRequest`, without repeating the URL, which may hold a password.
    package init(
        url: Secret,
        authorities: String? = nil,
        plaintextHosts: [String] = []
    ) throws(OutboundError) {
        func malformed(_ detail: String) -> OutboundError {
            OutboundError(code: .invalidRequest, operation: "read the URL of the mail server", detail: detail)
        }
        guard let parts = URLComponents(string: url.revealed), let rawHost = parts.host, !rawHost.isEmpty else {
            throw malformed("it is not smtp[s]://[user:password@]host[:port]")
        }
        let host = rawHost.hasPrefix("[") ? String(rawHost.dropFirst().dropLast()) : rawHost
        let tls = parts.queryItems?.first { $0.name == "tls" }?.value
        let unknown = parts.queryItems?.first { $0.name != "tls" }
        if let unknown { throw malformed("it has a parameter \(unknown.name), which is not known") }
        let encryption: Encryption
        switch (parts.scheme, tls) {
        case ("smtps", nil): encryption = .implicit
        case ("smtp", nil), ("smtp", "starttls"): encryption = .startTLS
        case ("smtp", "none"):
            let isLocal = host == "localhost" || host == "::1" || IPAddress(host).map(Self.isLoopback) == true
            guard isLocal || plaintextHosts.contains(host) else {
                throw malformed("tls=none would send passwords and mail unencrypted to \(host)")
            }
            encryption = .none
        case ("smtp", _?), ("smtps", _?): throw malformed("tls is starttls or none, and goes with smtp:// only")
        default: throw malformed("it has to begin with smtp:// or smtps://")
        }
        let user = parts.user.flatMap { $0.isEmpty ? nil : $0 }
        let name = parts.path.drop { $0 == "/" }
        guard name.utf8.allSatisfy({ $0.isLetterDigitOrHyphen || "._:[]".utf8.contains($0) }) else {
            throw malformed("its path is no name to say in EHLO")
        }
        self.init(
            host: host,
            port: parts.port ?? (encryption == .implicit ? 465 : 587),
            user: user,
            password: user == nil ? nil : Secret(parts.password ?? ""),
            encryption: encryption,
            authorities: authorities,
            helloName: name.isEmpty ? nil : String(name)
        )
    }

    private static func isLoopback(_ address: IPAddress) -> Bool {
        if case .v4(let bits) = address { bits >> 24 == 127 } else { false }
    }

    /// What is shown of it.
    package var place: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var transferURL: String {
        "\(encryption == .implicit ? "smtps" : "smtp")://\(place)/\(helloName ?? "")"
    }
}
