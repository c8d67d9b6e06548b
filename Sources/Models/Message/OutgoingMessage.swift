/// A message and where to publish it. It is always persistent and mandatory.
public struct OutgoingMessage: Sendable, Hashable {
    /// The empty string is the default exchange, which routes to the queue named by the routing key.
    public var exchange: String
    public var routingKey: String
    public var message: Message

    public init(exchange: String, routingKey: String, message: Message) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.message = message
    }
}
