import FlotillaMessaging
import FlotillaModels

extension DeadLetter {
    /// How often a message may go back of itself: one that ends its process each time, unseen by any journal, ends too.
    static let returnLimit = 3

    /// How often it has gone back so far.
    private var returns: Int { message.headers[FleetHeader.limitReturns]?.count ?? 0 }

    /// Whether the broker gave it up for its delivery limit, and it has not gone back too often.
    ///
    /// The broker counts lost connections there too, so that a message may never have run.
    var isReturnable: Bool {
        BrokerDeath(message.headers, queue: queue)?.reason == BrokerDeath.deliveryLimit && returns < Self.returnLimit
    }

    /// The message that goes back to its queue: with its id, its job and its attempts, and a new count of deliveries.
    var returned: OutgoingMessage {
        var returned = Republication.prepare(message)
        keepExpiration(in: &returned)
        if returned.headers[FleetHeader.originQueue] == nil {
            returned.headers[FleetHeader.originExchange] = .string(exchange)
            returned.headers[FleetHeader.originRoutingKey] = .string(routingKey)
            returned.headers[FleetHeader.originQueue] = .string(queue)
        }
        returned.headers[FleetHeader.limitReturns] = .int32(Int32(clamping: returns + 1))
        return OutgoingMessage(exchange: "", routingKey: queue, message: returned)
    }
}
