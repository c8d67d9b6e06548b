package import FlotillaModels

extension Topology {
    /// Whether the exchange is one of the fleet's.
    package func declares(exchange: String) -> Bool {
        exchanges.contains { $0.name == exchange } || exchange.hasPrefix("\(delay.namespace).delay.")
    }

    /// Whether the fleet has a queue that a message with this routing key should reach through this exchange.
    package func routes(_ exchange: String, _ routingKey: String) -> Bool {
        if exchange.isEmpty {
            let name = QueueName.origin(ofDeadLetterQueue: routingKey) ?? routingKey
            return queue(named: name) != nil
        }
        if exchange.hasPrefix("\(delay.namespace).delay.") { return true }
        return queues.contains { routes(exchange, routingKey, to: $0) }
    }

    /// Whether the queue's bindings bring it what is published to the exchange with the routing key.
    package func routes(_ exchange: String, _ routingKey: String, to queue: QueueDefinition) -> Bool {
        if exchange.isEmpty { return routingKey == queue.name }
        guard let kind = exchanges.first(where: { $0.name == exchange })?.kind else { return false }
        return queue.bindings.contains { binding in
            guard binding.exchange == exchange else { return false }
            switch kind {
            case .fanout: return true
            case .direct: return binding.key == routingKey
            case .topic: return TopicPattern(binding.key).matches(routingKey)
            }
        }
    }
}
