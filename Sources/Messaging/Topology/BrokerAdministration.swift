package import FlotillaModels

/// What declares and inspects the broker's objects over AMQP; an error leaves it usable.
package protocol BrokerAdministration: Sendable {
    /// As the server gives it: `3.10.8`.
    var serverVersion: String { get async }

    func exchangeExists(_ name: String) async throws(AMQPError) -> Bool

    /// Creates it unless it exists; throws with the reply code 406 when it exists otherwise.
    func declareExchange(
        _ name: String,
        type: String,
        durable: Bool,
        internal: Bool,
        arguments: HeaderTable
    ) async throws(AMQPError)

    /// Creates it unless it exists; throws with the reply code 406 when it exists otherwise.
    func declareQueue(_ name: String, durable: Bool, arguments: HeaderTable) async throws(AMQPError)

    /// `nil` when there is no such queue.
    func queueDepth(_ name: String) async throws(AMQPError) -> QueueDepth?

    func bindQueue(
        _ queue: String,
        to exchange: String,
        routingKey: String,
        arguments: HeaderTable
    ) async throws(AMQPError)

    func bindExchange(
        _ destination: String,
        to source: String,
        routingKey: String,
        arguments: HeaderTable
    ) async throws(AMQPError)

    /// Removes a binding; none is no error.
    func unbindQueue(
        _ queue: String,
        from exchange: String,
        routingKey: String,
        arguments: HeaderTable
    ) async throws(AMQPError)

    /// Removes a binding; none is no error.
    func unbindExchange(
        _ destination: String,
        from source: String,
        routingKey: String,
        arguments: HeaderTable
    ) async throws(AMQPError)

    /// Deletes a queue with its messages; none is no error.
    func deleteQueue(_ name: String) async throws(AMQPError)

    /// Deletes an exchange; none is no error.
    func deleteExchange(_ name: String) async throws(AMQPError)
}

extension BrokerAdministration {
    func declare(_ exchange: ExchangeDeclaration) async throws(AMQPError) {
        try await declareExchange(
            exchange.name,
            type: exchange.kind.rawValue,
            durable: true,
            internal: false,
            arguments: exchange.arguments
        )
    }

    func declare(_ queue: QueueDeclaration) async throws(AMQPError) {
        try await declareQueue(queue.name, durable: true, arguments: queue.arguments)
    }

    /// Removes a binding; one that is not there is no error.
    func unbind(_ binding: BindingDeclaration) async throws(AMQPError) {
        switch binding.kind {
        case .queue:
            try await unbindQueue(
                binding.destination,
                from: binding.source,
                routingKey: binding.key,
                arguments: HeaderTable()
            )
        case .exchange:
            try await unbindExchange(
                binding.destination,
                from: binding.source,
                routingKey: binding.key,
                arguments: HeaderTable()
            )
        }
    }

    func declare(_ binding: BindingDeclaration) async throws(AMQPError) {
        switch binding.kind {
        case .queue:
            try await bindQueue(
                binding.destination,
                to: binding.source,
                routingKey: binding.key,
                arguments: HeaderTable()
            )
        case .exchange:
            try await bindExchange(
                binding.destination,
                to: binding.source,
                routingKey: binding.key,
                arguments: HeaderTable()
            )
        }
    }
}

extension RabbitMQAdmin: BrokerAdministration {}
