/// A text that is not a message, or a part of one, in the form of ``MessageJSON``.
public struct MessageJSONError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// Not JSON at all.
        case syntax(offset: Int)
        /// Nested deeper than is read.
        case tooDeep
        /// JSON of another form.
        case unexpected
    }

    public let code: Code
    public let operation: String
    public let detail: String
    public var isRetriable: Bool { false }

    public var description: String { "\(operation): \(detail)" }

    static func unexpected(_ what: String, _ wanted: String) -> Self {
        Self(code: .unexpected, operation: "read message JSON", detail: "\(what): expected \(wanted)")
    }
}
