/// One value of an AMQP 0-9-1 field table, with every type that RabbitMQ reads and writes.
///
/// The types are kept apart, so that a table goes through retries and dead letters unchanged.
public enum FieldValue: Sendable, Hashable {
    case boolean(Bool)
    case int8(Int8)
    case uint8(UInt8)
    case int16(Int16)
    case uint16(UInt16)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case float(Float)
    case double(Double)
    /// `value` divided by ten to the power of `scale`.
    case decimal(scale: UInt8, value: UInt32)
    /// A long string (`S`) that is valid UTF-8.
    case string(String)
    /// A long string (`S`) whose bytes are not UTF-8.
    case binaryString([UInt8])
    /// A byte array (`x`).
    case bytes([UInt8])
    /// Seconds since 1970.
    case timestamp(UInt64)
    case array([FieldValue])
    case table(HeaderTable)
    case void
}

extension FieldValue {
    /// The text of a string, or `nil` for every other type.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of any integer type that fits, a timestamp included; `nil` for every other type.
    public var integer: Int64? {
        switch self {
        case .int8(let value): Int64(value)
        case .uint8(let value): Int64(value)
        case .int16(let value): Int64(value)
        case .uint16(let value): Int64(value)
        case .int32(let value): Int64(value)
        case .uint32(let value): Int64(value)
        case .int64(let value): value
        case .uint64(let value), .timestamp(let value): Int64(exactly: value)
        default: nil
        }
    }
}

extension FieldValue {
    /// The integer as a count: from 0 to a billion, whatever is written there, since anybody can write a header.
    package var count: Int? { integer.map { Int(min(max($0, 0), 1_000_000_000)) } }
}

extension FieldValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int64(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
}
