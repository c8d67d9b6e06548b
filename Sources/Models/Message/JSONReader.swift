/// Reads JSON (RFC 8259) without losing what a dictionary would lose.
struct JSONReader {
    private let bytes: [UInt8]
    private var offset = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    static func read(_ text: String) throws(MessageJSONError) -> JSONValue {
        var reader = JSONReader(text)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.offset == reader.bytes.count else { throw reader.problem("nothing after the value") }
        return value
    }

    private mutating func value(depth: Int) throws(MessageJSONError) -> JSONValue {
        guard depth < MessageJSON.maximumDepth else {
            throw MessageJSONError(code: .tooDeep, operation: "read message JSON", detail: "nested too deep")
        }
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return try members(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func members(depth: Int) throws(MessageJSONError) -> JSONValue {
        offset += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .members(members) }
        while true {
            skipSpace()
            guard peek == UInt8(ascii: "\"") else { throw problem("a name in quotes") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw problem("a colon") }
            members.append(.init(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .members(members) }
            guard take(UInt8(ascii: ",")) else { throw problem("a comma or }") }
        }
    }

    private mutating func array(depth: Int) throws(MessageJSONError) -> JSONValue {
        offset += 1
        var elements: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw problem("a comma or ]") }
        }
    }

    private mutating func string() throws(MessageJSONError) -> String {
        offset += 1
        var text: [UInt8] = []
        while let byte = peek {
            offset += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw problem("no control characters in a string")
            default: text.append(byte)
            }
        }
        throw problem("a closing quote")
    }

    private mutating func escape(into text: inout [UInt8]) throws(MessageJSONError) {
        let letter = peek
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): if let letter { text.append(letter) }
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"): text += Array(String(Character(try scalar())).utf8)
        default: throw problem("an escape")
        }
    }

    /// The scalar of one escape, or of the two that make a surrogate pair.
    private mutating func scalar() throws(MessageJSONError) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            throw problem("a pair of surrogates")
        }
        let second = try codeUnit()
        guard UTF16.isTrailSurrogate(second),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
        else { throw problem("a pair of surrogates") }
        return scalar
    }

    private mutating func codeUnit() throws(MessageJSONError) -> UInt16 {
        let digits = bytes[offset..<min(offset + 4, bytes.count)]
        guard digits.count == 4, digits.first != UInt8(ascii: "+"), digits.first != UInt8(ascii: "-"),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw problem("four hexadecimal digits") }
        offset += 4
        return unit
    }

    private mutating func number() throws(MessageJSONError) -> JSONValue {
        let start = offset
        while let byte = peek, byte.isNumberByte { offset += 1 }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        guard Double(text) != nil, text.utf8.first != UInt8(ascii: "+") else {
            offset = start
            throw problem("a value")
        }
        return .number(text)
    }

    private mutating func word(_ word: String, _ value: JSONValue) throws(MessageJSONError) -> JSONValue {
        guard bytes[offset...].starts(with: word.utf8) else { throw problem(word) }
        offset += word.utf8.count
        return value
    }

    private var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { offset += 1 }
    }

    private func problem(_ wanted: String) -> MessageJSONError {
        MessageJSONError(
            code: .syntax(offset: offset),
            operation: "read message JSON",
            detail: "expected \(wanted) at byte \(offset)"
        )
    }
}

extension UInt8 {
    fileprivate var isNumberByte: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || "+-.eE".utf8.contains(self)
    }
}
