/// What the server answered to one command.
package enum RedisReply: Sendable, Hashable {
    case null
    case status(String)
    case int(Int64)
    case bytes([UInt8])
    case array([RedisReply])
    /// The server's own text: a word in capitals, then an explanation.
    case error(String)

    /// The UTF-8 text of bytes or a status; digits for a number; `nil` otherwise.
    package var text: String? {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        case .int(let number): String(number)
        case .null, .array, .error: nil
        }
    }

    /// A number, or bytes that spell one.
    package var int: Int64? {
        if case .int(let number) = self { number } else { text.flatMap { Int64($0) } }
    }

    /// The elements of an array; empty for everything else.
    package var elements: [RedisReply] {
        if case .array(let elements) = self { elements } else { [] }
    }
}
