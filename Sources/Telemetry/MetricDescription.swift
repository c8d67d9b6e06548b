/// A metric by its name, what it is, and what it says.
public struct MetricDescription: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case counter, gauge, histogram
    }

    /// `flotilla_webhook_attempts_total`.
    public let name: String
    public let kind: Kind
    /// One sentence.
    public let help: String

    public init(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        self.kind = kind
        self.help = help
    }
}
