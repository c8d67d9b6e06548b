package import FlotillaModels

/// What is on a broker, as far as its management API tells.
package struct BrokerState: Sendable, Hashable {
    package struct Exchange: Sendable, Hashable {
        package var kind: String
        package var isDurable: Bool
        /// The exchange that gets what no binding takes.
        package var alternate: String?

        package init(kind: String, isDurable: Bool = true, alternate: String? = nil) {
            self.kind = kind
            self.isDurable = isDurable
            self.alternate = alternate
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
    /// The users and what they may do; `nil` where only others may see it.
    package var access: BrokerAccess?
    /// Why ``access`` is not there.
    package var accessProblem: String?
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
