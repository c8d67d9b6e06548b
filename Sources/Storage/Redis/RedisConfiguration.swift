/// Where Redis is. The URL may hold a password: the value can't be printed.
package struct RedisConfiguration: Sendable, CustomStringConvertible, CustomReflectable {
    package enum Endpoint: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
    }

    package let endpoint: Endpoint
    package let database: Int
    package var connectTimeout: Duration = .seconds(1)
    /// How long one round trip may take; after it the connection is given up.
    package var commandTimeout: Duration = .seconds(1)
    let user: String?
    let password: String?

    /// Takes `redis://[[user]:password@]host[:port][/database]`, and `unix:///path` or `redis+unix:///path`, each with
    /// `[?db=N]`. Percent escapes are read in the user and the password.
    package init(url: String) throws(RedisError) {
        func invalid(_ detail: String) -> RedisError {
            RedisError(code: .invalidURL, operation: "parse REDIS_URL", detail: detail)
        }
        guard let colon = url.firstRange(of: "://") else { throw invalid("there is no scheme, such as redis://") }
        let scheme = url[..<colon.lowerBound]
        var rest = url[colon.upperBound...]
        var database = 0
        if let mark = rest.firstIndex(of: "?") {
            for pair in rest[rest.index(after: mark)...].split(separator: "&") {
                guard pair.hasPrefix("db="), let number = Int(pair.dropFirst(3)), number >= 0 else {
                    throw invalid("a parameter is not understood; db=N is")
                }
                database = number
            }
            rest = rest[..<mark]
        }
        var credentials: [String?] = []
        if let at = rest.lastIndex(of: "@") {
            credentials = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.percentDecoded }
            guard !credentials.contains(nil) else { throw invalid("a percent escape is broken") }
            rest = rest[rest.index(after: at)...]
        }
        switch scheme {
        case "unix", "redis+unix":
            guard rest.hasPrefix("/") else { throw invalid("the socket needs an absolute path") }
            endpoint = .unix(path: String(rest))
        case "redis":
            var authority = rest
            if let slash = rest.firstIndex(of: "/") {
                authority = rest[..<slash]
                let path = rest[rest.index(after: slash)...]
                if !path.isEmpty {
                    guard let number = Int(path), number >= 0 else {
                        throw invalid("the path is not a database number")
                    }
                    database = number
                }
            }
            endpoint = try Self.tcp(authority)
        default: throw invalid("the scheme \(scheme) is not redis, redis+unix or unix")
        }
        self.database = database
        password = credentials.count > 1 ? credentials[1] : nil
        user = credentials.first.flatMap { $0 }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A host, `host:port`, or `[IPv6]:port`.
    private static func tcp(_ authority: Substring) throws(RedisError) -> Endpoint {
        var host = authority
        var port: Substring?
        if authority.hasPrefix("["), let bracket = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<bracket]
            port = authority[authority.index(after: bracket)...]
            if port?.isEmpty == true { port = nil } else { port = port?.dropFirst() }
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
        }
        guard let number = port.map({ UInt16($0) }) ?? 6_379, number > 0 else {
            throw RedisError(code: .invalidURL, operation: "parse REDIS_URL", detail: "the port is not a number")
        }
        return .tcp(host: host.isEmpty ? "127.0.0.1" : String(host), port: number)
    }

    /// The host of a TCP endpoint; `nil` for a Unix socket.
    package var host: String? {
        if case .tcp(let host, _) = endpoint { host } else { nil }
    }

    package var description: String {
        switch endpoint {
        case .tcp(let host, let port): "redis at \(host):\(port)"
        case .unix(let path): "redis at \(path)"
        }
    }

    package var customMirror: Mirror { Mirror(self, children: ["endpoint": endpoint, "database": database]) }
}

extension Substring {
    /// The text with its percent escapes read; `nil` when one is broken.
    fileprivate var percentDecoded: String? {
        var bytes: [UInt8] = []
        var utf8 = utf8.makeIterator()
        while let byte = utf8.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = utf8.next(), let low = utf8.next(),
                let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
