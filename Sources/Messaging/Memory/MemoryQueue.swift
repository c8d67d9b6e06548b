import FlotillaModels

/// A queue in memory, with the arguments that tests need: dead-lettering, delivery limit, length limit.
struct MemoryQueue {
    struct Stored: Sendable {
        let message: Message
        let exchange: String
        let routingKey: String
        /// How many times it was handed out and came back, the present time included.
        var deliveries = 0
        var isRedelivered = false

        init(message: Message, exchange: String, routingKey: String) {
            self.message = message
            self.exchange = exchange
            self.routingKey = routingKey
        }

        func handedOut() -> Stored {
            var copy = self
            copy.deliveries += 1
            return copy
        }

        func returned() -> Stored {
            var copy = self
            copy.isRedelivered = true
            return copy
        }
    }

    let arguments: HeaderTable
    var ready: [Stored] = []
    /// Who takes messages off it, the next in turn first.
    var consumers: [ObjectIdentifier] = []

    init(arguments: HeaderTable) { self.arguments = arguments }

    var deadLetterExchange: String? { arguments["x-dead-letter-exchange"]?.text }
    var deadLetterRoutingKey: String? { arguments["x-dead-letter-routing-key"]?.text }
    var deliveryLimit: Int? { arguments["x-delivery-limit"]?.integer.map { Int($0) } }

    var refusesMore: Bool {
        guard let limit = arguments["x-max-length"]?.integer else { return false }
        return arguments["x-overflow"]?.text == "reject-publish" && ready.count >= Int(limit)
    }
}
