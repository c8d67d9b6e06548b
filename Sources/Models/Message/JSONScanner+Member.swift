import FoundationEssentials

extension JSONScanner.Member {
    /// The value as it is written, the quotes of a string included.
    var literal: Range<Int> { kind == .string ? value.lowerBound - 1..<value.upperBound + 1 : value }

    /// The text of a string, with its escapes resolved; `nil` for other kinds, and for half a surrogate pair.
    func text(in bytes: [UInt8]) -> String? {
        guard kind == .string else { return nil }
        guard bytes[value].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[value], as: UTF8.self) }
        return try? JSONDecoder().decode(String.self, from: Data(bytes[literal]))
    }
}

extension JSONScanner.Kind {
    var noun: String {
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
