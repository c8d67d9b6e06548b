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
