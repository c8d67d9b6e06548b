/// A binding of a queue or of an exchange to an exchange.
package struct BindingDeclaration: Sendable, Hashable, CustomStringConvertible {
    package enum Destination: String, Sendable, Hashable {
        case queue, exchange
    }

    package var source: String
    package var destination: String
    package var kind: Destination
    package var key: String

    package init(source: String, destination: String, kind: Destination, key: String) {
        self.source = source
        self.destination = destination
        self.kind = kind
        self.key = key
    }

    package var description: String { "\(source) → \(destination)" + (key.isEmpty ? "" : " (\(key))") }
}
