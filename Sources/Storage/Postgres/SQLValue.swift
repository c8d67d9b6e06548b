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

    /// `NULL` for what is absent.
    package static func optional(_ text: String?) -> Self { text.map { .text($0) } ?? .null }
}
