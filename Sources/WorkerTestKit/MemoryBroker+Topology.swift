import FlotillaMessaging
import FlotillaModels

extension MemoryBroker {
    /// Declares what `flotilla topology apply` would: exchanges, queues with their dead-letter queues, bindings, the ladder.
    func declare(_ topology: Topology) {
        for exchange in topology.exchanges {
            let type: ExchangeType =
                switch exchange.kind {
                case .topic: .topic
                case .direct: .direct
                case .fanout: .fanout
                }
            declareExchange(exchange.name, type)
        }
        for queue in topology.queues {
            declareQueue(queue.deadLetterQueue)
            declareQueue(
                queue.name,
                arguments: [
                    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(queue.deadLetterQueue),
                    "x-delivery-limit": .int32(Int32(clamping: queue.crashLimit)),
                ]
            )
            for binding in queue.bindings { bind(queue: queue.name, to: binding.exchange, key: binding.key) }
        }
        simulate(topology.delay)
    }
}
