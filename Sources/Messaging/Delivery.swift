package import FlotillaModels

/// One message taken off a queue. Only the runtime settles it.
///
/// A class, since it is passed along by every stage and never changes.
package final class Delivery: Sendable {
    package let message: Message
    package let queue: String
    package let exchange: String
    package let routingKey: String
    package let isRedelivered: Bool
    package let token: DeliveryToken

    package init(
        message: Message,
        queue: String,
        exchange: String,
        routingKey: String,
        isRedelivered: Bool,
        token: DeliveryToken
    ) {
        self.message = message
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.isRedelivered = isRedelivered
        self.token = token
    }
}
