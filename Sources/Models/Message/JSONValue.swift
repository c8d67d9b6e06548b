/// JSON as it was written: members in their order, names as often as they occur, numbers as their text.
enum JSONValue: Hashable {
    struct Member: Hashable {
        let name: String
        let value: JSONValue
    }

    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case members([Member])

    /// A whole number, plain or in quotes.
    func integer<Number: FixedWidthInteger>(_ what: String, as type: Number.Type) throws(MessageJSONError) -> Number {
        switch self {
        case .number(let text), .string(let text): if let number = Number(text) { return number }
        default: break
        }
        throw .unexpected(what, "a whole number from \(Number.min) to \(Number.max)")
    }
}
