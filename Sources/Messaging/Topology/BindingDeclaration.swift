/// A binding of a queue or of an exchange to an exchange.
package struct BindingDeclaration: Sendable, Hashable, CustomStringConvertible {
    package enum Destination: String, Sendable, Hashable {
        case queue, exchange
    }

    package var source: String
    package var destination: String
    package var kind: Destination
    package var key: String
    /// Whether it has arguments, which the fleet's own never have: it can't be removed by its ends and its key alone.
    package var hasArguments: Bool

    package init(source: String, destination: String, kind: Destination, key: String, hasArguments: Bool = false) {
        self.source = source
        self.destination = destination
        self.kind = kind
        self.key = key
        self.hasArguments = hasArguments
    }

    package var description: String {
        "\(source) → \(destination)" + (key.isEmpty ? "" : " (\(key))") + (hasArguments ? " with arguments" : "")
    }
}
