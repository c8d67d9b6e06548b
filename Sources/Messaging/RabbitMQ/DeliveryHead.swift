struct DeliveryHead {
    let tag: UInt64
    let isRedelivered: Bool
    let exchange: String
    let routingKey: String
    let consumerTag: String
}

extension DeliveryHead {
    /// What was asked for, and so has no consumer.
    init(exchange: String, routingKey: String) {
        self.init(tag: 0, isRedelivered: false, exchange: exchange, routingKey: routingKey, consumerTag: "")
    }
}
