import FlotillaPlatform
import FlotillaTelemetry

/// What an owner of connections keeps about them, from one connection to the next.
final class Lifeline {
    let configuration: RabbitMQConfiguration
    let name: String
    let log: Log?
    /// The open connection, if there is one.
    fileprivate(set) var link: Link?
    fileprivate(set) var lastError: AMQPError?
    fileprivate var reconnection: Reconnection

    init(_ configuration: RabbitMQConfiguration, name: String, log: Log?) {
        self.configuration = configuration
        self.name = name
        self.log = log
        reconnection = Reconnection(backoff: configuration.backoff)
    }
}

/// An actor on a thread of its own that keeps one connection to the broker up.
protocol LinkOwner: Actor {
    nonisolated var executor: ThreadExecutor { get }
    var lifeline: Lifeline { get }

    /// The connection is there, and nothing has been sent on its channel yet.
    func established(_ link: Link) throws(AMQPError)

    /// Something has come from the broker.
    func take(_ event: BrokerEvent, _ link: Link) throws(AMQPError)

    /// What there was to read has been taken.
    func turnEnded(_ link: Link) throws(AMQPError)

    /// The connection is gone.
    func lost(_ error: AMQPError)

    /// Time has passed, connected or not.
    func ticked(at now: ContinuousClock.Instant)
}

extension LinkOwner {
    /// How many frames are read before the thread turns to what else there is to do.
    private var framesPerTurn: Int { 2_048 }

    /// Starts the first attempt, and returns its error; later attempts follow by themselves.
    func start() -> AMQPError? {
        let heartbeat = lifeline.configuration.heartbeat
        executor.tick(every: heartbeat == .zero ? .seconds(1) : min(heartbeat / 8, .seconds(1))) { [weak self] in
            self?.assumeIsolated { $0.tick() }
        }
        perform(lifeline.reconnection.start())
        return lifeline.lastError
    }

    /// Says goodbye to the broker; no further connection is made.
    func disconnect() {
        executor.unwatch()
        lifeline.reconnection.close()
        lifeline.link?.close()
        lifeline.link = nil
    }

    /// Gives the connection up and sets out for the next one.
    func fail(_ error: AMQPError) {
        executor.unwatch()
        let wasConnected = lifeline.link != nil
        lifeline.link = nil
        lifeline.lastError = error
        lost(error)
        let action = lifeline.reconnection.failed(at: .now, chance: .random(in: 0...1))
        lifeline.log?.warning(
            wasConnected ? "connection to the broker lost" : "no connection to the broker",
            ["connection": .string(lifeline.name), "error": .string("\(error)")]
        )
        perform(action)
    }

    /// Runs `body` on the open connection; an error ends the connection.
    func withLink(_ body: (Link) throws(AMQPError) -> Void) {
        guard let link = lifeline.link else { return }
        do {
            try body(link)
        } catch {
            fail(error)
        }
    }

    /// Takes what has arrived, without ending the turn.
    func takeArrived(_ link: Link) throws(AMQPError) {
        var frames = 0
        while let event = try link.next() {
            switch event {
            case .incomplete: break
            case .connectionClosed(let code, let reason):
                throw AMQPError(code: .broker(replyCode: code), operation: "stay connected", detail: reason)
            default: try take(event, link)
            }
            frames += 1
            guard frames < framesPerTurn else {
                // No poll would tell of what librabbitmq or TLS has already read off the socket.
                executor.run { [weak self] in self?.assumeIsolated { $0.read() } }
                return
            }
        }
    }

    private func read() {
        withLink { link throws(AMQPError) in
            try takeArrived(link)
            try turnEnded(link)
        }
    }

    private func perform(_ action: Reconnection.Action) {
        switch action {
        case .nothing: return
        case .connect: connect()
        case .wait(let delay):
            executor.schedule(after: delay) { [weak self] in
                self?.assumeIsolated { $0.perform($0.lifeline.reconnection.waited()) }
            }
        }
    }

    private func connect() {
        do throws(AMQPError) {
            let link = try Link(lifeline.configuration, name: lifeline.name)
            try established(link)
            lifeline.link = link
            lifeline.lastError = nil
            lifeline.reconnection.connected(at: .now)
            let identity = ObjectIdentifier(link)
            executor.watch(link.descriptor) { [weak self] in
                self?.assumeIsolated { owner in
                    guard let link = owner.lifeline.link, ObjectIdentifier(link) == identity else { return }
                    link.received()
                    owner.read()
                }
            }
            lifeline.log?.info("connected to the broker", ["connection": .string(lifeline.name)])
            // The answers so far may have brought more along, which only librabbitmq knows of.
            read()
        } catch {
            fail(error)
        }
    }

    private func tick() {
        let now = ContinuousClock.now
        withLink { link throws(AMQPError) in try link.keepAlive(at: now) }
        ticked(at: now)
    }
}
