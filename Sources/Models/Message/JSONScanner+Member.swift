import FoundationEssentials

extension JSONScanner.Member {
    /// The value as it is written, the quotes of a string included.
    package var literal: Range<Int> { kind == .string ? value.lowerBound - 1..<value.upperBound + 1 : value }

    /// The text of a string, with its escapes resolved; `nil` for other kinds, and for half a surrogate pair.
    package func text(in bytes: [UInt8]) -> String? {
        guard kind == .string else { return nil }
        guard bytes[value].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[value], as: UTF8.self) }
        return try? JSONDecoder().decode(String.self, from: Data(bytes[literal]))
    }

    /// An identifier, which services write as a string or as a number; `nil` for other kinds, and for one that is
    /// empty, longer than 255 bytes, or contains U+0000.
    package func identifier(in bytes: [UInt8]) -> String? {
        guard (1...255).contains(value.count) else { return nil }
        if kind == .number { return String(decoding: bytes[value], as: UTF8.self) }
        guard let text = text(in: bytes), !text.utf8.contains(0) else { return nil }
        return text
    }

    /// A time, as ISO 8601 or as a number since 1970.
    package func writtenTime(in bytes: [UInt8]) -> WrittenTime? {
        switch kind {
        case .string: WrittenTime(bytes[value])
        case .number where value.count < 32:
            Double(String(decoding: bytes[value], as: UTF8.self)).flatMap(EventTime.since1970)
                .map { WrittenTime(moment: $0) }
        default: nil
        }
    }

    /// As ``writtenTime(in:)``, in microseconds since 1970.
    package func time(in bytes: [UInt8]) -> Int64? { writtenTime(in: bytes)?.moment(in: AssumedZone.current) }
}

extension JSONScanner.Kind {
    /// - Parameter byte: the first of a valid value.
    init(startingWith byte: UInt8) {
        self =
            switch byte {
            case UInt8(ascii: "{"): .object
            case UInt8(ascii: "["): .array
            case UInt8(ascii: "\""): .string
            case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
            case UInt8(ascii: "n"): .null
            default: .number
            }
    }

    package var noun: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .boolean: "true or false"
        case .null: "null"
        }
    }
}
