/// JSON as it was written: members in their order, names as often as they occur, numbers as their text.
package enum JSONValue: Sendable, Hashable {
    package struct Member: Sendable, Hashable {
        package let name: String
        package let value: JSONValue

        package init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    case null
    case boolean(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case members([Member])

    /// - Throws: `InvalidPayload` when the bytes are not one JSON value in UTF-8, or nested absurdly deep.
    package init(_ bytes: [UInt8]) throws(InvalidPayload) {
        try JSONScanner.check(bytes)
        do throws(MessageJSONError) {
            self = try JSONReader.read(String(decoding: bytes, as: UTF8.self))
        } catch {
            throw InvalidPayload(field: "", problem: error.detail)
        }
    }

    /// The value of the first member of that name; `nil` when there is none, or when this is no object.
    package subscript(name: String) -> JSONValue? {
        guard case .members(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    package var isNull: Bool { self == .null }

    /// Where a text has the character U+0000, which neither Postgres nor a mail can hold: a dotted path.
    package var pathOfNUL: String? {
        switch self {
        case .null, .boolean, .number: return nil
        case .string(let text): return text.utf8.contains(0) ? "" : nil
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let path = element.pathOfNUL { return Self.joined(String(index), path) }
            }
            return nil
        case .members(let members):
            for member in members {
                if member.name.utf8.contains(0) { return member.name }
                if let path = member.value.pathOfNUL { return Self.joined(member.name, path) }
            }
            return nil
        }
    }

    private static func joined(_ name: String, _ path: String) -> String { path.isEmpty ? name : "\(name).\(path)" }

    /// The JSON text, without spaces.
    package var json: String {
        var writer = JSONWriter()
        write(into: &writer)
        return writer.text
    }

    private func write(into writer: inout JSONWriter) {
        switch self {
        case .null: writer.plain("null")
        case .boolean(let value): writer.plain(value ? "true" : "false")
        case .number(let text): writer.plain(text)
        case .string(let text): writer.string(text)
        case .array(let elements):
            writer.open("[")
            for element in elements { element.write(into: &writer) }
            writer.close("]")
        case .members(let members):
            writer.open("{")
            for member in members {
                writer.name(member.name)
                member.value.write(into: &writer)
            }
            writer.close("}")
        }
    }

    /// A whole number, plain or in quotes.
    func integer<Number: FixedWidthInteger>(_ what: String, as type: Number.Type) throws(MessageJSONError) -> Number {
        switch self {
        case .number(let text), .string(let text): if let number = Number(text) { return number }
        default: break
        }
        throw .unexpected(what, "a whole number from \(Number.min) to \(Number.max)")
    }
}
