/// A JSON text by its parts: where each value stands, so that some can be exchanged and all others stay byte for byte.
package struct JSONTree: Sendable {
    package struct Node: Sendable {
        /// The member's name without its quotes; `nil` for elements and for the whole.
        package var key: Range<Int>?
        /// The value as it is written, quotes and brackets included.
        package var literal: Range<Int>
        package var kind: JSONScanner.Kind
        package var children: [Node] = []
    }

    package let bytes: [UInt8]
    package let root: Node

    /// - Throws: unless the bytes are one JSON value in UTF-8, nested at most 128 levels deep.
    package init(_ bytes: [UInt8]) throws(InvalidPayload) {
        try JSONScanner.check(bytes)
        self.init(checked: bytes)
    }

    /// - Parameter bytes: JSON that `JSONScanner.check(_:)` has let pass.
    package init(checked bytes: [UInt8]) {
        var parser = Parser(bytes: bytes)
        root = parser.value(key: nil)
        self.bytes = bytes
    }

    /// The name of a member, with its escapes resolved; empty for what has none.
    package func name(of node: Node) -> String {
        guard let key = node.key else { return "" }
        return text(quoted: key.lowerBound - 1..<key.upperBound + 1)
    }

    /// The text of a string, with its escapes resolved; `nil` for other kinds, and for half a surrogate pair.
    package func text(of node: Node) -> String? {
        guard node.kind == .string else { return nil }
        let inside = node.literal.lowerBound + 1..<node.literal.upperBound - 1
        return JSONScanner.Member(key: 0..<0, value: inside, kind: .string).text(in: bytes)
    }

    private func text(quoted literal: Range<Int>) -> String {
        let inside = literal.lowerBound + 1..<literal.upperBound - 1
        return JSONScanner.Member(key: 0..<0, value: inside, kind: .string).text(in: bytes)
            ?? String(decoding: bytes[inside], as: UTF8.self)
    }

    /// The text with some values exchanged for others.
    ///
    /// - Parameter replacements: what stands in place of which literal; they may not overlap.
    package func replacing(_ replacements: [(literal: Range<Int>, with: [UInt8])]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + replacements.reduce(0) { $0 + $1.with.count })
        var end = 0
        for (literal, replacement) in replacements.sorted(by: { $0.literal.lowerBound < $1.literal.lowerBound }) {
            result += bytes[end..<literal.lowerBound]
            result += replacement
            end = literal.upperBound
        }
        return result + bytes[end...]
    }

    /// The text as a JSON string, quotes included.
    package static func literal(_ text: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.string(text)
        return Array(writer.text.utf8)
    }
}

/// Reads what has been checked: no more than 128 levels, so that recursion is bounded.
private struct Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func value(key: Range<Int>?) -> JSONTree.Node {
        skipSpace()
        let start = position
        let kind = JSONScanner.Kind(startingWith: bytes[position])
        var children: [JSONTree.Node] = []
        switch kind {
        case .object, .array:
            position += 1
            skipSpace()
            while !isClosing {
                if bytes[position] == UInt8(ascii: ",") { position += 1 }
                children.append(kind == .object ? member() : value(key: nil))
                skipSpace()
            }
            position += 1
        case .string: _ = string()
        case .number, .boolean, .null:
            while position < bytes.count, !isDelimiter { position += 1 }
        }
        return JSONTree.Node(key: key, literal: start..<position, kind: kind, children: children)
    }

    private mutating func member() -> JSONTree.Node {
        skipSpace()
        let key = string()
        skipSpace()
        position += 1
        return value(key: key)
    }

    /// The range between the quotes.
    private mutating func string() -> Range<Int> {
        position += 1
        let start = position
        while bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
        position += 1
        return start..<position - 1
    }

    private mutating func skipSpace() {
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
    }

    private var isClosing: Bool { bytes[position] == UInt8(ascii: "}") || bytes[position] == UInt8(ascii: "]") }

    private var isDelimiter: Bool {
        switch bytes[position] {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: "]"): true
        case let byte: byte <= 0x20
        }
    }
}
