package import FlotillaModels

/// What is on a broker, as far as its management API tells.
package struct BrokerState: Sendable, Hashable {
    package struct Exchange: Sendable, Hashable {
        package var kind: String
        package var isDurable: Bool

        package init(kind: String, isDurable: Bool = true) {
            self.kind = kind
            self.isDurable = isDurable
        }
    }

    package struct Queue: Sendable, Hashable {
        package var isDurable: Bool
        package var arguments: HeaderTable

        package init(isDurable: Bool = true, arguments: HeaderTable = HeaderTable()) {
            self.isDurable = isDurable
            self.arguments = arguments
        }
    }

    /// By name, without the broker's own.
    package var exchanges: [String: Exchange]
    package var queues: [String: Queue]
    package var bindings: Set<BindingDeclaration>
    package var policies: [BrokerPolicy]
    /// What could not be seen, in words.
    package var notes: [String]

    package init(
        exchanges: [String: Exchange] = [:],
        queues: [String: Queue] = [:],
        bindings: Set<BindingDeclaration> = [],
        policies: [BrokerPolicy] = [],
        notes: [String] = []
    ) {
        self.exchanges = exchanges
        self.queues = queues
        self.bindings = bindings
        self.policies = policies
        self.notes = notes
    }
}
