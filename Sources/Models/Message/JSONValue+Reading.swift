extension JSONValue {
    /// The text of a string.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// A number's value.
    package var double: Double? { if case .number(let text) = self { Double(text) } else { nil } }

    /// The elements of an array; none for other kinds.
    package var elements: [JSONValue] { if case .array(let elements) = self { elements } else { [] } }

    /// Every string in it, in order, at whatever depth; names of members are not among them.
    package var strings: [String] {
        switch self {
        case .string(let text): [text]
        case .array(let elements): elements.flatMap(\.strings)
        case .members(let members): members.flatMap(\.value.strings)
        case .null, .boolean, .number: []
        }
    }
}
