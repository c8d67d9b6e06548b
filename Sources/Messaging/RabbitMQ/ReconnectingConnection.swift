import FlotillaPlatform
import FlotillaTelemetry

/// What is kept from one connection to the next.
final class ConnectionState {
    let configuration: RabbitMQConfiguration
    let name: String
    let log: Log?
    /// Told of what is missing on the broker.
    let repair: TopologyRepair?
    /// Whether there has been a connection: a virtual host that never was there is a mistake in a setting.
    fileprivate var hasConnected = false
    /// The open connection, if there is one.
    fileprivate(set) var connection: BrokerConnection?
    fileprivate(set) var lastError: AMQPError?
    fileprivate var reconnection: Reconnection

    init(_ configuration: RabbitMQConfiguration, name: String, log: Log?, repair: TopologyRepair? = nil) {
        self.configuration = configuration
        self.name = name
        self.log = log
        self.repair = repair
        reconnection = Reconnection(backoff: configuration.backoff)
    }
}

/// An actor on a thread of its own that keeps one connection to the broker up.
protocol ReconnectingConnection: Actor {
    nonisolated var executor: ThreadExecutor { get }
    var connectionState: ConnectionState { get }

    /// The connection is there, and nothing has been sent on its channel yet.
    func established(_ connection: BrokerConnection) throws(AMQPError)

    /// Something has come from the broker.
    func take(_ event: BrokerEvent, _ connection: BrokerConnection) throws(AMQPError)

    /// Whether nothing is to be read at the moment. It is asked after each frame; ``readingPaused()`` follows, and it is the
    /// actor's to go on with ``watchAndRead()``.
    var isReadingPaused: Bool { get }

    /// Reading has stopped.
    func readingPaused()

    /// What there was to read has been taken.
    func turnEnded(_ connection: BrokerConnection) throws(AMQPError)

    /// The connection is gone.
    func lost(_ error: AMQPError)

    /// Time has passed, connected or not.
    func ticked(at now: ContinuousClock.Instant)
}

extension ReconnectingConnection {
    /// How many frames are read before the thread turns to what else there is to do.
    private var framesPerTurn: Int { 2_048 }

    var isReadingPaused: Bool { false }

    func readingPaused() {}

    /// Starts the first attempt, and returns its error; later attempts follow by themselves.
    func start() -> AMQPError? {
        let heartbeat = connectionState.configuration.heartbeat
        executor.tick(every: heartbeat == .zero ? .seconds(1) : min(heartbeat / 8, .seconds(1))) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
        perform(connectionState.reconnection.start())
        return connectionState.lastError
    }

    /// Closes the connection; no further one is made.
    func disconnect() {
        executor.unwatch()
        connectionState.reconnection.close()
        connectionState.connection?.close()
        connectionState.connection = nil
    }

    /// Gives the connection up and sets out for the next one.
    func fail(_ error: AMQPError) {
        executor.unwatch()
        let wasConnected = connectionState.connection != nil
        connectionState.connection = nil
        connectionState.lastError = error
        lost(error)
        if connectionState.hasConnected, error.code == .broker(replyCode: AMQPError.notAllowed) {
            connectionState.repair?.reportRefusedConnection()
        }
        let action = connectionState.reconnection.failed(at: .now, chance: .random(in: 0...1))
        connectionState.log?.warning(
            wasConnected ? "connection to the broker lost" : "no connection to the broker",
            ["connection": .string(connectionState.name), "error": .string("\(error)")]
        )
        perform(action)
    }

    /// Runs `body` on the open connection; an error ends the connection.
    func withConnection(_ body: (BrokerConnection) throws(AMQPError) -> Void) {
        guard let connection = connectionState.connection else { return }
        do {
            try body(connection)
        } catch {
            fail(error)
        }
    }

    /// Takes what has arrived, without ending the turn.
    func takeArrived(_ connection: BrokerConnection) throws(AMQPError) {
        var frames = 0
        while let event = try connection.next() {
            switch event {
            case .incomplete: break
            case .connectionClosed(let code, let reason):
                throw AMQPError(code: .broker(replyCode: code), operation: "stay connected", detail: reason)
            default: try take(event, connection)
            }
            if isReadingPaused {
                executor.unwatch()
                return readingPaused()
            }
            frames += 1
            guard frames < framesPerTurn else {
                // Polling the socket does not show what librabbitmq or TLS has already read from it.
                executor.run { [weak self] in self?.assumeIsolated { $0.read() } }
                return
            }
        }
    }

    private func read() {
        guard !isReadingPaused else { return }
        withConnection { connection throws(AMQPError) in
            try takeArrived(connection)
            try turnEnded(connection)
        }
    }

    private func perform(_ action: Reconnection.Action) {
        switch action {
        case .nothing: return
        case .connect: connect()
        case .wait(let delay):
            executor.schedule(after: delay) { [weak self] in
                self?.assumeIsolated { $0.perform($0.connectionState.reconnection.waited()) }
            }
        }
    }

    private func connect() {
        do throws(AMQPError) {
            let connection = try BrokerConnection(connectionState.configuration, name: connectionState.name)
            try established(connection)
            connectionState.connection = connection
            connectionState.lastError = nil
            connectionState.hasConnected = true
            connectionState.reconnection.connected(at: .now)
            connectionState.log?.info("connected to the broker", ["connection": .string(connectionState.name)])
            watchAndRead()
        } catch {
            fail(error)
        }
    }

    /// Reads what arrives on the open connection from now on.
    func watchAndRead() {
        guard let connection = connectionState.connection else { return }
        let identity = ObjectIdentifier(connection)
        executor.watch(connection.descriptor) { [weak self] in
            self?.assumeIsolated { owner in
                guard let connection = owner.connectionState.connection, ObjectIdentifier(connection) == identity
                else { return }
                connection.received()
                owner.read()
            }
        }
        // What came before may have brought more along, which only librabbitmq knows of.
        read()
    }

    private func tick() {
        let now = ContinuousClock.now
        withConnection { connection throws(AMQPError) in try connection.keepAlive(at: now) }
        ticked(at: now)
    }
}
