package import FlotillaModels
import FlotillaPlatform

/// Declares, inspects and removes topology over one connection of its own.
///
/// Calls are made one after another, each a round trip. An error of the channel (404, 406) leaves the connection usable.
/// After a lost connection the call at hand throws, and the next one connects again. When that has failed, calls throw its
/// error at once for a while.
package actor RabbitMQAdmin {
    private let configuration: RabbitMQConfiguration
    private let name: String
    private let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private var connection: BrokerConnection?
    private var attempts: ConnectionAttempts
    private var isClosed = false
    /// What the broker says about itself.
    package private(set) var serverProperties = HeaderTable()

    /// The broker's version, as in `3.10.8`; empty when it does not tell.
    package var serverVersion: String { serverProperties["version"]?.text ?? "" }

    /// Whether there is a connection, as far as is known.
    package var isConnected: Bool { connection != nil }

    /// The first call connects. The configuration has to be valid.
    init(_ configuration: RabbitMQConfiguration, name: String) {
        self.configuration = configuration
        self.name = name
        attempts = ConnectionAttempts(backoff: configuration.backoff)
        executor = ThreadExecutor(name: "amqp-admin")
    }

    deinit { executor.stop() }

    /// Connects, or throws.
    package static func open(
        _ configuration: RabbitMQConfiguration,
        named name: String = "admin"
    ) async throws(AMQPError) -> RabbitMQAdmin {
        if let problem = configuration.validate().first { throw .configuration("connect", problem) }
        let admin = RabbitMQAdmin(configuration, name: name)
        try await admin.connect()
        return admin
    }

    private func connect() throws(AMQPError) {
        guard !isClosed else { throw .closed("connect") }
        try attempts.begin(at: .now)
        let connection: BrokerConnection
        do {
            connection = try BrokerConnection(configuration, name: name)
        } catch {
            lose(error)
            throw error
        }
        attempts.succeeded(at: .now)
        serverProperties = connection.handle.serverProperties
        executor.tick(every: connection.period) { [weak self] in self?.assumeIsolated { $0.keepAlive() } }
        self.connection = connection
    }

    /// Between calls, what arrives is a heartbeat or the end of the connection.
    private func keepAlive() {
        guard let connection else { return }
        do throws(AMQPError) {
            if connection.handle.readiness().isReadable { connection.received() }
            while let event = try connection.next() {
                guard case .connectionClosed(let code, let reason) = event else { continue }
                throw AMQPError(code: .broker(replyCode: code), operation: "stay connected", detail: reason)
            }
            try connection.keepAlive(at: .now)
        } catch {
            lose(error)
        }
    }

    private func lose(_ error: AMQPError) {
        connection = nil
        attempts.failed(error, at: .now, chance: .random(in: 0...1))
    }

    private func perform<R>(
        _ body: (borrowing ConnectionHandle) throws(AMQPError) -> R
    ) throws(AMQPError) -> R {
        if connection == nil { try connect() }
        guard let connection else { throw .closed("ask the broker") }
        do {
            let result = try connection.sending(body)
            connection.received()
            return result
        } catch {
            guard case .broker(let code) = error.code, Self.endsChannelOnly(code) else {
                lose(error)
                throw error
            }
            do {
                try connection.handle.reopenChannel(1)
                connection.received()
            } catch {
                lose(error)
            }
            throw error
        }
    }

    /// The soft errors of AMQP 0-9-1 end a channel, the hard ones the connection.
    private static func endsChannelOnly(_ code: Int) -> Bool { [311, 313, 403, 404, 405, 406].contains(code) }

    package func exchangeExists(_ name: String) throws(AMQPError) -> Bool {
        try orNil { handle throws(AMQPError) in try handle.passivelyDeclareExchange(name, channel: 1) } != nil
    }

    /// Throws 406 when there is one of another type or with other arguments.
    package func declareExchange(
        _ name: String,
        type: String,
        durable: Bool = true,
        internal isInternal: Bool = false,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try perform { handle throws(AMQPError) in
            try handle.declareExchange(
                name,
                type: type,
                durable: durable,
                isInternal: isInternal,
                arguments: arguments
            )
        }
    }

    /// Deletes an exchange; none is no error.
    package func deleteExchange(_ name: String) throws(AMQPError) {
        try perform { handle throws(AMQPError) in try handle.deleteExchange(name) }
    }

    /// Throws 406 when there is one with other arguments, in the broker's words.
    package func declareQueue(
        _ name: String,
        durable: Bool = true,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try perform { handle throws(AMQPError) in
            try handle.declareQueue(name, durable: durable, arguments: arguments)
        }
    }

    /// Deletes a queue with all its messages; none is no error.
    package func deleteQueue(_ name: String) throws(AMQPError) {
        try perform { handle throws(AMQPError) in try handle.deleteQueue(name) }
    }

    /// Removes the ready messages, and returns how many.
    package func purgeQueue(_ name: String) throws(AMQPError) -> Int {
        try perform { handle throws(AMQPError) in try handle.purgeQueue(name) }
    }

    /// The ready messages and consumers, or `nil` when there is no such queue.
    package func queueDepth(_ name: String) throws(AMQPError) -> QueueDepth? {
        try orNil { handle throws(AMQPError) in try handle.depth(of: name) }
    }

    package func bindQueue(
        _ queue: String,
        to exchange: String,
        routingKey: String,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try bind(.queue, queue, exchange, routingKey, arguments)
    }

    package func unbindQueue(
        _ queue: String,
        from exchange: String,
        routingKey: String,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try unbind(.queue, queue, exchange, routingKey, arguments)
    }

    package func bindExchange(
        _ destination: String,
        to source: String,
        routingKey: String,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try bind(.exchange, destination, source, routingKey, arguments)
    }

    package func unbindExchange(
        _ destination: String,
        from source: String,
        routingKey: String,
        arguments: HeaderTable = HeaderTable()
    ) throws(AMQPError) {
        try unbind(.exchange, destination, source, routingKey, arguments)
    }

    /// Takes one message off a queue and acknowledges it; `nil` when the queue is empty.
    package func get(
        _ queue: String
    ) throws(AMQPError) -> (message: Message, exchange: String, routingKey: String)? {
        try perform { handle throws(AMQPError) in try handle.get(queue) }
    }

    package func close() {
        guard !isClosed else { return }
        isClosed = true
        connection?.close()
        connection = nil
        executor.stop()
    }

    private func bind(
        _ kind: Binding.Kind,
        _ destination: String,
        _ source: String,
        _ routingKey: String,
        _ arguments: HeaderTable
    ) throws(AMQPError) {
        let binding = Binding(
            kind: kind,
            destination: destination,
            source: source,
            routingKey: routingKey,
            arguments: arguments
        )
        try perform { handle throws(AMQPError) in try handle.bind(binding) }
    }

    private func unbind(
        _ kind: Binding.Kind,
        _ destination: String,
        _ source: String,
        _ routingKey: String,
        _ arguments: HeaderTable
    ) throws(AMQPError) {
        let binding = Binding(
            kind: kind,
            destination: destination,
            source: source,
            routingKey: routingKey,
            arguments: arguments
        )
        try perform { handle throws(AMQPError) in try handle.unbind(binding) }
    }

    private func orNil<R>(
        _ body: (borrowing ConnectionHandle) throws(AMQPError) -> R
    ) throws(AMQPError) -> R? {
        do {
            return try perform(body)
        } catch {
            guard error.code == .broker(replyCode: 404) else { throw error }
            return nil
        }
    }
}
