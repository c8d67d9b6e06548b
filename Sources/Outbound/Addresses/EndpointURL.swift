/// The URL of an HTTP endpoint that somebody else names, read strictly: a text that programs read in different ways is
/// refused, so that what is checked is what is connected to.
///
/// Only `http` and `https`, no user information, no fragment, nothing but printable ASCII, at most 2,048 bytes. The host
/// is a name, an IPv4 address of four decimal numbers, or an IPv6 address in brackets.
package struct EndpointURL: Sendable, Hashable, CustomStringConvertible {
    package static let longest = 2_048

    package let isEncrypted: Bool
    /// In small letters; an IPv6 address without its brackets.
    package let host: String
    /// The scheme's own when the URL has none.
    package let port: Int
    /// Path and query, beginning with a slash.
    package let target: String
    /// The host, where it is written as an address.
    package let address: IPAddress?

    /// `host:port`, with the port even where the URL leaves it out.
    package var authority: String { "\(hostInURL):\(port)" }

    package var text: String {
        let isUsual = port == (isEncrypted ? 443 : 80)
        return "\(isEncrypted ? "https" : "http")://\(hostInURL)\(isUsual ? "" : ":\(port)")\(target)"
    }

    package var description: String { text }

    private var hostInURL: String { host.contains(":") ? "[\(host)]" : host }

    /// - Throws: naming `field`, with what is wrong.
    package init(_ text: String, field: String = "url") throws(FieldError) {
        guard text.utf8.count <= Self.longest else {
            throw FieldError(field, "is longer than \(Self.longest) bytes")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && !"\"<>\\^`{|}".utf8.contains($0) }) else {
            throw FieldError(
                field,
                "has a character that no URL has: write what is not ASCII with percent signs, and a host in its xn-- form"
            )
        }
        guard let scheme = text.firstRange(of: "://") else {
            throw FieldError(field, "is no URL such as https://example.com/webhooks")
        }
        switch text[..<scheme.lowerBound].lowercased() {
        case "https": isEncrypted = true
        case "http": isEncrypted = false
        default: throw FieldError(field, "begins with neither https:// nor http://")
        }
        guard !text.contains("#") else { throw FieldError(field, "has a fragment (#), which is never sent") }
        let rest = text[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.contains("@") else {
            throw FieldError(field, "has a user or a password (@): secrets do not belong into a URL")
        }
        let tail = rest[authority.endIndex...]
        target = tail.hasPrefix("/") ? String(tail) : "/\(tail)"
        let (name, digits) = try Self.split(authority, field)
        port = try Self.port(digits, field) ?? (isEncrypted ? 443 : 80)
        if name.hasPrefix("[") {
            guard let six = IPAddress(String(name.dropFirst().dropLast())), case .v6 = six else {
                throw FieldError(field, "has something in brackets that is no IPv6 address")
            }
            (host, address) = (six.description, six)
        } else {
            host = name.lowercased()
            address = try Self.checkedName(host, field)
        }
    }

    private static func split(
        _ authority: Substring,
        _ field: String
    ) throws(FieldError) -> (host: Substring, port: Substring?) {
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw FieldError(field, "has a [ without its ]") }
            host = authority[...end]
        } else {
            host = authority.prefix { $0 != ":" }
        }
        guard !host.isEmpty else { throw FieldError(field, "has no host") }
        let after = authority[host.endIndex...]
        guard after.isEmpty || after.hasPrefix(":") else { throw FieldError(field, "has something after its host") }
        return (host, after.isEmpty ? nil : after.dropFirst())
    }

    private static func port(_ digits: Substring?, _ field: String) throws(FieldError) -> Int? {
        guard let digits else { return nil }
        guard digits.utf8.allSatisfy(\.isDigit), let number = Int(digits), (1...65_535).contains(number) else {
            throw FieldError(field, "has a port that is not between 1 and 65535")
        }
        return number
    }

    /// A host whose last part is a number is an IPv4 address to whoever follows the URL Standard, however it is spelt:
    /// `2130706433`, `0x7f.1`, `127.1`. Only the usual spelling is taken.
    private static func checkedName(_ host: String, _ field: String) throws(FieldError) -> IPAddress? {
        guard host.utf8.last != UInt8(ascii: ".") else { throw FieldError(field, "has a host that ends with a dot") }
        let labels = host.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if let last = labels.last, last.allSatisfy(\.isDigit) || last.starts(with: "0x".utf8) {
            guard let address = IPAddress(host), case .v4 = address else {
                throw FieldError(field, "has an address in an unusual spelling: write it as four decimal numbers")
            }
            return address
        }
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.count)
                && label.allSatisfy { $0.isLetterDigitOrHyphen || $0 == UInt8(ascii: "_") }
                && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        }
        guard isName, host.utf8.count <= 253 else { throw FieldError(field, "has a host that is no name") }
        return nil
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
