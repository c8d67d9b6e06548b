import FlotillaPlatform

extension RabbitMQConfiguration {
    /// Reads `amqp[s]://user:password@host:port/vhost?option=value`, percent-encoded where needed.
    ///
    /// Options, as RabbitMQ names them: `heartbeat` (seconds), `connection_timeout` (milliseconds), `cacertfile`,
    /// `certfile`, `keyfile`, `frame_max`, `name`, and `verify=verify_peer`. Verification can't be turned off.
    /// A missing or empty vhost is `/`.
    package init(url: String) throws(AMQPError) {
        self.init()
        let (scheme, afterScheme) = try Self.cut(url, at: "://", "has no amqp:// or amqps:// in front")
        switch scheme {
        case "amqp": break
        case "amqps":
            tls = TLS()
            port = 5671
        default: throw .malformedURL("its scheme is neither amqp nor amqps")
        }
        let (address, query) = Self.split(afterScheme, at: "?")
        let (authority, path) = Self.split(address, at: "/")
        if let path, !path.isEmpty { virtualHost = try Self.decoded(path, "vhost") }
        if let at = authority.lastIndex(of: "@") { try readUser(authority[..<at]) }
        try readHost(authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority)
        for option in (query ?? "").split(separator: "&") { try read(option: option) }
        if let problem = validate().first(where: { !$0.hasPrefix("plaintext") }) { throw .malformedURL(problem) }
    }

    private mutating func readUser(_ text: Substring) throws(AMQPError) {
        let (user, password) = Self.split(text, at: ":")
        self.user = try Self.decoded(user, "user")
        if let password { self.password = Secret(try Self.decoded(password, "password")) }
    }

    private mutating func readHost(_ text: Substring) throws(AMQPError) {
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw .malformedURL("its host has no closing bracket") }
            host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .malformedURL("its host is not an address") }
            portText = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            let (name, port) = Self.split(text, at: ":")
            if !name.isEmpty { host = try Self.decoded(name, "host") }
            portText = port
        }
        guard let portText else { return }
        guard let port = UInt16(portText), port > 0 else { throw .malformedURL("its port is not a number") }
        self.port = Int(port)
    }

    private mutating func read(option: Substring) throws(AMQPError) {
        let (name, text) = Self.split(option, at: "=")
        let value = try Self.decoded(text ?? "", String(name))
        switch name {
        case "heartbeat": heartbeat = .seconds(try Self.number(value, upTo: 65_535, name))
        case "connection_timeout": connectTimeout = .milliseconds(try Self.number(value, upTo: 600_000, name))
        case "frame_max": maximumFrameSize = try Self.number(value, upTo: 131_072, name)
        case "name": connectionName = value
        case "cacertfile", "certfile", "keyfile":
            guard tls != nil else { throw .malformedURL("\(name) needs amqps://") }
            if name == "cacertfile" { tls?.authorities = value }
            if name == "certfile" { tls?.certificate = value }
            if name == "keyfile" { tls?.key = value }
        case "verify":
            guard value == "verify_peer" else { throw .malformedURL("verify can only be verify_peer") }
        default: throw .malformedURL("its option \(name) is not known")
        }
    }

    private static func number(_ text: String, upTo limit: Int, _ name: Substring) throws(AMQPError) -> Int {
        guard let number = Int(text), (0...limit).contains(number) else {
            throw .malformedURL("its option \(name) is not a number from 0 to \(limit)")
        }
        return number
    }

    private static func cut(
        _ text: String,
        at mark: String,
        _ otherwise: String
    ) throws(AMQPError) -> (Substring, Substring) {
        guard let range = text.firstRange(of: mark) else { throw .malformedURL(otherwise) }
        return (text[..<range.lowerBound], text[range.upperBound...])
    }

    private static func split(_ text: Substring, at mark: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: mark) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private static func decoded(_ text: some StringProtocol, _ part: String) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8.makeIterator()
        while let byte = rest.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.next().flatMap(hexadecimal), let low = rest.next().flatMap(hexadecimal) else {
                throw .malformedURL("its \(part) has a percent sign without two digits")
            }
            bytes.append(high << 4 | low)
        }
        // A zero byte would end the text early in C.
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .malformedURL("its \(part) is not text")
        }
        return decoded
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        Character(UnicodeScalar(byte)).hexDigitValue.map { UInt8($0) }
    }
}

extension AMQPError {
    /// The address itself stays out of the text: it may hold a password.
    fileprivate static func malformedURL(_ problem: String) -> AMQPError {
        AMQPError(code: .configuration, operation: "read the broker's URL", detail: problem)
    }
}
