/// A request that has arrived whole.
package struct HTTPRequest: Sendable {
    /// In capitals, as sent.
    package var method: String
    /// Begins with a slash; percent-encoding is left as it was sent.
    package var path: String
    /// What follows the question mark, undecoded; empty when there is none.
    package var query: String
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// Who sent it; behind a trusted proxy the proxy's client. `nil` where that is not known.
    package var client: NetworkAddress?
    /// Whether the client's connection is encrypted, by what a trusted proxy says.
    package var isEncrypted = false
    /// What it is called where its client has given it no id.
    package let ownID = CorrelationID.make()

    /// - Parameter target: as in the request line: `/jobs?state=dead`, or a whole URL as proxies send it.
    package init(method: String, target: String, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = []) {
        self.method = method
        self.headers = headers
        self.body = body
        var rest = Substring(target)
        if rest.hasPrefix("http://") || rest.hasPrefix("https://"), let scheme = rest.firstIndex(of: ":") {
            rest = rest[scheme...].dropFirst(3)
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
        path = String(mark.map { rest[..<$0] } ?? rest)
        query = mark.map { String(rest[rest.utf8.index(after: $0)...]) } ?? ""
    }
}

extension String {
    /// Equality of ASCII text whatever its case.
    func equalsIgnoringCase(_ other: String) -> Bool {
        let left = utf8
        let right = other.utf8
        return left.count == right.count
            && zip(left, right).allSatisfy { pair in
                pair.0 == pair.1 || (pair.0 | 0x20 == pair.1 | 0x20 && (0x61...0x7a).contains(pair.0 | 0x20))
            }
    }

    /// The text with `%41` and the like decoded; `nil` when that is malformed, not UTF-8, or has a NUL.
    func percentDecoded(plusIsSpace: Bool = false) -> String? {
        let source = Array(utf8)
        guard source.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return self }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            var byte = source[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < source.count, let high = source[index + 1].hexadecimalValue,
                    let low = source[index + 2].hexadecimalValue
                else { return nil }
                byte = high << 4 | low
                guard byte != 0 else { return nil }
                index += 2
            } else if plusIsSpace && byte == UInt8(ascii: "+") {
                byte = UInt8(ascii: " ")
            }
            decoded.append(byte)
            index += 1
        }
        return String(validating: decoded, as: UTF8.self)
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit.
    package var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
