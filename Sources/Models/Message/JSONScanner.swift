/// Checks bytes against the JSON grammar (RFC 8259) in one pass without recursion, and reports the top-level members.
///
/// Deeply nested input costs two machine words, so that no body can exhaust a stack.
package struct JSONScanner {
    package enum Kind: Sendable {
        case object, array, string, number, boolean, null
    }

    /// A member of the top-level object. Ranges of strings leave out their quotes.
    package struct Member {
        package var key: Range<Int>
        package var value: Range<Int>
        package var kind: Kind
    }

    package static let maximumDepth = 128

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    /// One bit for each level, set for objects.
    private var nesting: (UInt64, UInt64) = (0, 0)
    private var hasHighBytes = false

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Throws unless `bytes` are one JSON value in UTF-8, nested at most 128 levels deep.
    package static func check(_ bytes: [UInt8]) throws(InvalidPayload) {
        try forEachMember(of: bytes) { _ in }
    }

    /// Checks all of `bytes`, and calls `body` for each member of the top-level object, in order.
    package static func forEachMember(of bytes: [UInt8], _ body: (Member) -> Void) throws(InvalidPayload) {
        guard !bytes.isEmpty else { throw InvalidPayload(field: "", problem: "expected JSON, found an empty body") }
        var scanner = JSONScanner(bytes)
        do throws(InvalidPayload) {
            try scanner.run(body)
        } catch {
            guard let format = BodyFormat.name(of: bytes) else { throw error }
            throw InvalidPayload(field: "", problem: "expected JSON in UTF-8, found \(format)")
        }
        if scanner.hasHighBytes, (try? UTF8Span(validating: bytes.span)) == nil {
            throw InvalidPayload(field: "", problem: "expected UTF-8, found other bytes")
        }
    }

    private mutating func run(_ report: (Member) -> Void) throws(InvalidPayload) {
        var member = Member(key: 0..<0, value: 0..<0, kind: .null)
        var isValueNext = true
        while true {
            if isValueNext {
                skipWhitespace()
                let start = position
                let kind = try scanScalarOrOpening()
                if kind == .object || kind == .array {
                    if depth == 2 {
                        member.value = start..<start
                        member.kind = kind
                    }
                    if try closesAtOnce(kind) {
                        isValueNext = false
                        if depth == 1, isInObject {
                            member.value = start..<position
                            report(member)
                        }
                    } else if kind == .object {
                        let key = try scanKey()
                        if depth == 1 { member.key = key }
                    }
                    continue
                }
                if depth == 1, isInObject {
                    member.value = kind == .string ? start + 1..<position - 1 : start..<position
                    member.kind = kind
                    report(member)
                }
            }
            skipWhitespace()
            guard depth > 0 else {
                guard position == bytes.count else { throw unexpected("the end of the body") }
                return
            }
            switch current {
            case UInt8(ascii: ","):
                position += 1
                if isInObject {
                    let key = try scanKey()
                    if depth == 1 { member.key = key }
                }
                isValueNext = true
            case isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]"):
                position += 1
                depth -= 1
                if depth == 1, isInObject {
                    member.value = member.value.lowerBound..<position
                    report(member)
                }
                isValueNext = false
            default: throw unexpected(isInObject ? "',' or '}'" : "',' or ']'")
            }
        }
    }

    /// The byte at the position, or 0 at the end, which no JSON text may contain.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private var isInObject: Bool {
        let level = depth - 1
        return (level < 64 ? nesting.0 >> level : nesting.1 >> (level - 64)) & 1 == 1
    }

    private mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func scanScalarOrOpening() throws(InvalidPayload) -> Kind {
        switch current {
        case UInt8(ascii: "{"):
            try open(.object)
            return .object
        case UInt8(ascii: "["):
            try open(.array)
            return .array
        case UInt8(ascii: "\""):
            _ = try scanString()
            return .string
        case UInt8(ascii: "t"):
            try scan("true")
            return .boolean
        case UInt8(ascii: "f"):
            try scan("false")
            return .boolean
        case UInt8(ascii: "n"):
            try scan("null")
            return .null
        case UInt8(ascii: "-"), 0x30...0x39:
            try scanNumber()
            return .number
        default: throw unexpected("a value")
        }
    }

    private mutating func open(_ kind: Kind) throws(InvalidPayload) {
        guard depth < Self.maximumDepth else {
            throw InvalidPayload(
                field: "",
                problem: "expected at most \(Self.maximumDepth) levels of nesting, found more"
            )
        }
        let bit: UInt64 = 1 << (depth & 63)
        if depth < 64 {
            nesting.0 = kind == .object ? nesting.0 | bit : nesting.0 & ~bit
        } else {
            nesting.1 = kind == .object ? nesting.1 | bit : nesting.1 & ~bit
        }
        depth += 1
        position += 1
    }

    /// Steps over the closing bracket of a container with nothing in it.
    private mutating func closesAtOnce(_ kind: Kind) throws(InvalidPayload) -> Bool {
        skipWhitespace()
        guard current == (kind == .object ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return false }
        position += 1
        depth -= 1
        return true
    }

    private mutating func scanKey() throws(InvalidPayload) -> Range<Int> {
        skipWhitespace()
        guard current == UInt8(ascii: "\"") else { throw unexpected("a name in quotes") }
        let key = try scanString()
        skipWhitespace()
        guard current == UInt8(ascii: ":") else { throw unexpected("':'") }
        position += 1
        return key
    }

    /// The range between the quotes.
    private mutating func scanString() throws(InvalidPayload) -> Range<Int> {
        position += 1
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return start..<position - 1
            }
            if byte == UInt8(ascii: "\\") {
                try scanEscape()
                continue
            }
            if byte < 0x20 { throw unexpected("an escape for a control character") }
            if byte >= 0x80 { hasHighBytes = true }
            position += 1
        }
        throw unexpected("a closing quote")
    }

    private mutating func scanEscape() throws(InvalidPayload) {
        position += 1
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            position += 1
        case UInt8(ascii: "u"):
            position += 1
            for _ in 0..<4 {
                switch current {
                case 0x30...0x39, 0x41...0x46, 0x61...0x66: position += 1
                default: throw unexpected("four hexadecimal digits")
                }
            }
        default: throw unexpected("an escape")
        }
    }

    private mutating func scanNumber() throws(InvalidPayload) {
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") { position += 1 } else { try scanDigits() }
        if current == UInt8(ascii: ".") {
            position += 1
            try scanDigits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try scanDigits()
        }
    }

    private mutating func scanDigits() throws(InvalidPayload) {
        guard (0x30...0x39).contains(current) else { throw unexpected("a digit") }
        while (0x30...0x39).contains(current) { position += 1 }
    }

    private mutating func scan(_ word: StaticString) throws(InvalidPayload) {
        let end = position + word.utf8CodeUnitCount
        let isMatch = word.withUTF8Buffer { end <= bytes.count && bytes[position..<end].elementsEqual($0) }
        guard isMatch else { throw unexpected("a value") }
        position = end
    }

    private func unexpected(_ expected: String) -> InvalidPayload {
        let found: String =
            switch position < bytes.count ? bytes[position] : nil {
            case nil: "the end"
            case let byte? where (0x21..<0x7f).contains(byte): "'\(Unicode.Scalar(byte))'"
            case let byte?: "byte \(byte)"
            }
        return InvalidPayload(field: "", problem: "not JSON: expected \(expected), found \(found) at byte \(position)")
    }
}
