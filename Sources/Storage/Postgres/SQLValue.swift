/// A parameter of a statement, sent to Postgres in binary.
public enum SQLValue: Sendable, Hashable {
    case null
    case text(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    case bytes([UInt8])
    /// Microseconds since 1970, for `timestamptz`.
    case timestamp(Int64)
    /// JSON text, for `jsonb`.
    case json(String)
    case textArray([String?])
    case intArray([Int64?])
    case bytesArray([[UInt8]?])
    case timestampArray([Int64?])
}

/// SQL text with `$1`, `$2`, … and the values for them.
///
/// Each connection prepares a text once, on first use, and keeps it.
public struct SQLStatement: Sendable, Hashable {
    public var text: String
    public var values: [SQLValue]

    public init(_ text: String, _ values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }
}
