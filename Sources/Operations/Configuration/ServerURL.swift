package import FlotillaPlatform

/// The address of a server as people write it: `scheme://user:password@host:port/path?name=value`.
package struct ServerURL: Sendable {
    package let scheme: String
    package let user: String?
    package let password: String?
    /// Empty when the URL has none; a Unix socket's folder when it begins with a slash.
    package let host: String
    package let port: Int?
    package let path: String
    package let query: [String: String]

    /// Nil when there is no scheme, the port is no number, or a user or password has an unencoded `/`, `?`, `#` or `@`:
    /// the rest of the password would be taken for a part that is shown. Percent escapes are resolved; nil also for a
    /// `%` that begins none, and for `%00`.
    package init?(_ text: String) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        scheme = text[..<mark.lowerBound].lowercased()
        var rest = text[mark.upperBound...]
        if !scheme.hasSuffix("unix"), let end = rest.firstIndex(where: { "/?#".contains($0) }) {
            guard !rest[end...].contains("@") else { return nil }
        }
        if !scheme.hasSuffix("unix") {
            guard rest.count(where: { $0 == "@" }) <= 1, Self.areEscapesWhole(rest) else { return nil }
        }
        var parameters: [String: String] = [:]
        if let question = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: question)...].split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                parameters[Self.decoded(parts[0])] = parts.count > 1 ? Self.decoded(parts[1]) : ""
            }
            rest = rest[..<question]
        }
        query = parameters
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        path = Self.decoded(rest[slash...])
        var authority = rest[..<slash]
        if let at = authority.lastIndex(of: "@") {
            let parts = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts.first.map(Self.decoded)
            password = parts.count > 1 ? Self.decoded(parts[1]) : nil
            authority = authority[authority.index(after: at)...]
        } else {
            (user, password) = (nil, nil)
        }
        var portText: Substring?
        if authority.first == "[", let end = authority.firstIndex(of: "]") {
            let tail = authority[authority.index(after: end)...]
            portText = tail.first == ":" ? tail.dropFirst() : nil
            authority = authority[authority.index(after: authority.startIndex)..<end]
        } else if let colon = authority.lastIndex(of: ":") {
            portText = authority[authority.index(after: colon)...]
            authority = authority[..<colon]
        }
        if let portText, !portText.isEmpty {
            guard let number = UInt16(portText) else { return nil }
            port = Int(number)
        } else {
            port = nil
        }
        host = Self.decoded(authority)
    }

    /// The host that a client connects to, a parameter `host` included; several between commas.
    package var hosts: [String] {
        let named = query["host"].flatMap { $0.isEmpty ? nil : $0 } ?? host
        return named.split(separator: ",").map(String.init)
    }

    /// The hosts that lie beyond this machine.
    package var remoteHosts: [String] { hosts.filter { !Self.isLocal($0) } }

    /// The host and port to connect to.
    package func endpoint(defaultPort: Int, socketName: String? = nil) -> Endpoint {
        if scheme.hasSuffix("unix") { return .unix(path: path) }
        let host = hosts.first ?? "localhost"
        if host.hasPrefix("/") { return .unix(path: socketName.map { "\(host)/\($0)" } ?? host) }
        return .tcp(host: host, port: port ?? query["port"].flatMap { Int($0) } ?? defaultPort)
    }

    /// The address without what must not be shown.
    package var display: String {
        if scheme.hasSuffix("unix") { return "\(scheme)://\(path)" }
        let place = host.contains(":") ? "[\(host)]" : host
        let folder = query["host"].map { "?host=\($0)" } ?? ""
        return "\(scheme)://\(place)\(port.map { ":\($0)" } ?? "")\(path == "//" ? "" : path)\(folder)"
    }

    private static func isLocal(_ host: String) -> Bool {
        host.hasPrefix("/") || host.hasPrefix("@") || host.lowercased() == "localhost" || host == "::1"
            || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }

    /// Other clients of servers end a text at a NUL, or refuse it and show it.
    private static func areEscapesWhole(_ text: Substring) -> Bool {
        !text.utf8.contains(0)
            && text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst().allSatisfy {
                let digits = $0.prefix(2)
                return digits.count == 2
                    && digits.allSatisfy { ($0 < 0x3a && $0 >= 0x30) || (0x61...0x66).contains($0 | 0x20) }
                    && !digits.allSatisfy { $0 == 0x30 }
            }
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == UInt8(ascii: "%"), digits.count == 2, let text = String(digits),
                let value = UInt8(text, radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
