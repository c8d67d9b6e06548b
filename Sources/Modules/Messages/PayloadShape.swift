import FlotillaHTTPRouting

/// What a field of a message's body may hold, as the readers of events and commands take it.
package indirect enum PayloadShape: Sendable, Hashable {
    /// A string of 1 to 255 bytes, or a whole number.
    case identifier
    /// A string, or a number, which is taken as it is written; the limit is in bytes.
    case text(atMost: Int = 10_000)
    /// A string alone; the limits are in bytes.
    case string(atLeast: Int = 0, atMost: Int)
    /// A time in ISO 8601, or a number of seconds or milliseconds since 1970.
    case time
    /// A whole number.
    case integer(ClosedRange<Int64>)
    /// A number, or a string that is one.
    case number
    case flag
    /// One of these words.
    case choice([String])
    /// A string of so many characters that matches a regular expression of ECMA-262.
    case form(String, length: Int)
    case list(PayloadShape, count: ClosedRange<Int>)
    /// An object; whether it may have further members.
    case object([PayloadField], isOpen: Bool)
    case either([PayloadShape])
    /// Any JSON value.
    case any

    /// JSON Schema (2020-12).
    package var schema: String {
        var schema = JSONObject()
        switch self {
        case .identifier:
            schema.add("type", jsons: ["\"string\"", "\"integer\""])
            schema.add("minLength", 1)
            schema.add("maxLength", 255)
            schema.add("pattern", Self.withoutNUL)
        case .text(let limit):
            schema.add("type", jsons: ["\"string\"", "\"number\""])
            schema.add("maxLength", limit)
            schema.add("pattern", Self.withoutNUL)
        case .string(let least, let limit):
            schema.add("type", "string")
            if least > 0 { schema.add("minLength", least) }
            schema.add("maxLength", limit)
            schema.add("pattern", Self.withoutNUL)
        case .time:
            return #"{"anyOf":[{"type":"string","format":"date-time"},{"type":"number"}]}"#
        case .integer(let range):
            schema.add("type", "integer")
            schema.add("minimum", json: String(range.lowerBound))
            schema.add("maximum", json: String(range.upperBound))
        case .number: schema.add("type", jsons: ["\"number\"", "\"string\""])
        case .flag: schema.add("type", "boolean")
        case .choice(let words):
            schema.add("type", "string")
            schema.add("enum", jsons: words.map(\.json))
        case .form(let pattern, let length):
            schema.add("type", "string")
            schema.add("minLength", length)
            schema.add("maxLength", length)
            schema.add("pattern", pattern)
        case .list(let element, let count):
            schema.add("type", "array")
            schema.add("items", json: element.schema)
            schema.add("minItems", count.lowerBound)
            if count.upperBound < Int.max { schema.add("maxItems", count.upperBound) }
        case .object(let fields, let isOpen): return PayloadField.schema(of: fields, isOpen: isOpen)
        case .either(let shapes): schema.add("anyOf", jsons: shapes.map(\.schema))
        case .any: return #"{"type":["object","array","string","number","boolean","null"]}"#
        }
        return schema.closed
    }

    private static let withoutNUL = "^[^\\u0000]*$"
}
