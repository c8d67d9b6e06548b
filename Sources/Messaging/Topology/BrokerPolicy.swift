package import FlotillaModels

/// A policy, or operator policy, that somebody set on the broker.
package struct BrokerPolicy: Sendable, Hashable {
    package var name: String
    /// A regular expression over names.
    package var pattern: String
    /// `all`, `queues`, `exchanges`, `classic_queues`, `quorum_queues` or `streams`.
    package var appliesTo: String
    package var priority: Int
    /// Operator policies are merged with the other policy that matches, and win.
    package var isOperator: Bool
    package var definition: [String: FieldValue]

    package init(
        name: String,
        pattern: String,
        appliesTo: String = "all",
        priority: Int = 0,
        isOperator: Bool = false,
        definition: [String: FieldValue]
    ) {
        self.name = name
        self.pattern = pattern
        self.appliesTo = appliesTo
        self.priority = priority
        self.isOperator = isOperator
        self.definition = definition
    }

    /// Whether it applies to a queue of the type; `nil` when its pattern is beyond us.
    package func applies(to queue: QueueDeclaration) -> Bool? {
        guard let expression = try? Regex(pattern) else { return nil }
        guard ["all", "queues", "\(queue.type)_queues"].contains(appliesTo) else { return false }
        return queue.name.firstMatch(of: expression) != nil
    }

    /// What of it would change how the queue keeps messages, each in words; empty when nothing does.
    ///
    /// The broker takes the smaller of two numbers, and for everything else the queue's own argument.
    package func effects(on queue: QueueDeclaration) -> [String] {
        definition.sorted { $0.key < $1.key }.compactMap { key, value in
            let own = queue.arguments["x-" + key]
            switch key {
            case "message-ttl", "expires", "max-length", "max-length-bytes", "delivery-limit":
                guard let number = value.integer else { return nil }
                if let own = own?.integer, own >= 0, own <= number { return nil }
                return "\(key) \(number)"
            case "dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy", "overflow":
                return own == nil ? "\(key) '\(value.text ?? "?")'" : nil
            default: return nil
            }
        }
    }
}

extension QueueDeclaration {
    /// `quorum` or `classic`.
    package var type: String { arguments["x-queue-type"]?.text ?? "classic" }
}
