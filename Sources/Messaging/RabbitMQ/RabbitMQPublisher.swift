package import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Publishes over one connection with confirms; callers share its window fairly.
///
/// A call hops to the connection's thread once, whatever it carries, and waits on one continuation.
package actor RabbitMQPublisher: MessagePublisher, ReconnectingConnection {
    private struct PendingPublish {
        let batch: PublishBatch
        let index: Int
    }

    private struct SharedState {
        var isClosed = false
        var condition = PublisherCondition.disconnected(reason: "not connected yet")
    }

    /// How many messages of one call are sent before the next call has its turn.
    private static let share = 32
    /// How many bytes are sent between two looks at the socket.
    private static let stride = 32_768
    /// After this long without any confirm, even a connected broker's confirm is given up, and the connection with it: when
    /// a quorum queue is deleted while a channel waits for it, RabbitMQ 3.10 reads nothing from that channel ever again.
    private static let confirmTimeout = Duration.seconds(30)

    nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    let connectionState: ConnectionState
    private var limits: PublishLimits
    private let shared = Mutex(SharedState())
    private var window: ConfirmWindow<PendingPublish>
    private var unsent = FIFO<PublishBatch>()
    private var unfinished: [ObjectIdentifier: PublishBatch] = [:]
    private var missing = MissingExchanges()
    private var renewal = ChannelRenewal(openedAt: .now)
    private var lastProgress = ContinuousClock.now
    private var isBlocked = false
    private var closing: CheckedContinuation<Void, Never>?

    init(_ configuration: RabbitMQConfiguration, name: String, log: Log?, repair: TopologyRepair? = nil) {
        executor = ThreadExecutor(name: "amqp-publish")
        connectionState = ConnectionState(configuration, name: name, log: log, repair: repair)
        limits = PublishLimits(user: configuration.user, maximumFrameSize: configuration.maximumFrameSize)
        window = ConfirmWindow(limit: configuration.confirmWindow)
    }

    deinit { executor.stop() }

    package nonisolated var condition: PublisherCondition { shared.withLock { $0.condition } }

    package nonisolated func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        guard !messages.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            // Under the lock, so that nothing is handed to a thread that is already ending.
            let isAccepted = shared.withLock { shared in
                guard !shared.isClosed else { return false }
                executor.run { self.assumeIsolated { $0.accept(messages, continuation) } }
                return true
            }
            guard !isAccepted else { return }
            let refusal = PublishResult.unconfirmed(reason: "the publisher is closed")
            continuation.resume(returning: messages.map { _ in refusal })
        }
    }

    package nonisolated func close() async {
        let isFirst = shared.withLock { shared in
            defer { shared.isClosed = true }
            return !shared.isClosed
        }
        if isFirst { await drain() }
    }

    private func drain() async {
        await withCheckedContinuation { continuation in
            closing = continuation
            executor.schedule(after: connectionState.configuration.publishTimeout) {
                self.assumeIsolated { $0.finish() }
            }
            finishIfDrained()
        }
    }

    private func finishIfDrained() {
        if closing != nil, unfinished.isEmpty { finish() }
    }

    private func finish() {
        guard let closing else { return }
        self.closing = nil
        disconnect()
        for batch in unfinished.values { batch.giveUp("the publisher is closed") }
        unfinished = [:]
        setCondition(.disconnected(reason: "closed"))
        executor.stop()
        closing.resume()
    }

    private func accept(_ messages: [OutgoingMessage], _ continuation: CheckedContinuation<[PublishResult], Never>) {
        let batch = PublishBatch(messages, continuation)
        unfinished[ObjectIdentifier(batch)] = batch
        unsent.append(batch)
        withConnection { connection throws(AMQPError) in
            try renewChannelIfDue(connection)
            try pump(connection)
        }
    }

    private func answer(_ pending: PendingPublish, _ result: PublishResult) {
        pending.batch.answer(pending.index, result)
        if pending.batch.isFinished { unfinished[ObjectIdentifier(pending.batch)] = nil }
    }

    private func setCondition(_ condition: PublisherCondition) { shared.withLock { $0.condition = condition } }

    // MARK: Sending

    /// Sends as much as the window and the socket take.
    private func pump(_ connection: BrokerConnection) throws(AMQPError) {
        var written = Self.stride
        while !isBlocked, !renewal.isPausing, window.room > 0, let batch = unsent.popFirst() {
            // However this ends, by an error of the connection as well: what is unsent stays in line.
            defer { if batch.hasUnsent { unsent.append(batch) } }
            var share = Self.share
            while share > 0, batch.hasUnsent, window.room > 0 {
                if written >= Self.stride {
                    written = 0
                    guard try mayGoOn(connection) else { return }
                }
                written += try send(batch, connection)
                share -= 1
            }
        }
    }

    /// Reads what has come, so that neither side waits for the other; `false` when the socket takes no more for now.
    private func mayGoOn(_ connection: BrokerConnection) throws(AMQPError) -> Bool {
        let readiness = connection.handle.readiness()
        if readiness.isReadable {
            connection.received()
            try takeArrived(connection)
        }
        guard readiness.isWritable else {
            executor.awaitWritable { [weak self] in
                self?.assumeIsolated { owner in
                    owner.withConnection { connection throws(AMQPError) in try owner.pump(connection) }
                }
            }
            return false
        }
        return !isBlocked
    }

    /// Sends the next message of a batch, or answers for it; returns about how many bytes that took.
    private func send(_ batch: PublishBatch, _ connection: BrokerConnection) throws(AMQPError) -> Int {
        let pending = PendingPublish(batch: batch, index: batch.next)
        batch.next += 1
        let message = batch.messages[pending.index]
        if let reason = limits.refusal(of: message) {
            answer(pending, .uncarriable(reason: reason))
            return 0
        }
        if let reason = missing.reason(for: message.exchange, at: .now) {
            answer(pending, .unroutable(code: 404, reason: reason))
            return 0
        }
        window.open(pending)
        // By its user the fleet knows its own messages: the broker lets nobody else write that one.
        let user = connectionState.configuration.user
        try connection.sending { handle throws(AMQPError) in try handle.publish(message, by: user) }
        return message.message.body.count + 256
    }

    // MARK: Receiving

    func established(_ connection: BrokerConnection) throws(AMQPError) {
        try missing.look(on: connection.handle, at: .now)
        try connection.handle.selectConfirms()
        // The broker may have agreed to less than was asked for.
        limits = PublishLimits(user: connectionState.configuration.user, maximumFrameSize: connection.maximumFrameSize)
        isBlocked = false
        lastProgress = .now
        renewal.opened(at: .now)
        setCondition(.connected)
    }

    /// Goes on by a new channel where the old one may refuse wrongly.
    private func renewChannelIfDue(_ connection: BrokerConnection) throws(AMQPError) {
        // A blocked connection is not read by the broker, so it would not answer.
        guard !isBlocked, renewal.isDue(open: window.openCount, at: .now) else { return }
        connectionState.log?.info(
            "a queue refuses messages; asking it on a new channel",
            ["connection": .string(connectionState.name)]
        )
        try connection.sending { handle throws(AMQPError) in
            try handle.closeChannel(1)
            try handle.openChannel(1)
            try handle.selectConfirms()
        }
        window.reset { _ in }
        renewal.opened(at: .now)
    }

    func take(_ event: BrokerEvent, _ connection: BrokerConnection) throws(AMQPError) {
        switch event {
        case .acknowledged(let tag, let multiple):
            lastProgress = .now
            window.resolve(tag, multiple: multiple, as: .confirmed) { close($0, $1) }
        case .refused(let tag, let multiple):
            lastProgress = .now
            window.resolve(tag, multiple: multiple, as: .refused) { close($0, $1) }
        case .returned(let head, let message):
            window.returned(code: head.code, reason: head.reason) { pending in
                let sent = pending.batch.messages[pending.index]
                return sent.message.properties.messageID == message.properties.messageID
                    && sent.routingKey == head.routingKey && sent.exchange == head.exchange
            }
        case .blocked(let reason):
            isBlocked = true
            setCondition(.blocked(reason: reason))
        case .unblocked:
            isBlocked = false
            setCondition(.connected)
        case .channelClosed(let closure, _):
            if closure.code == 404, closure.method == MethodID.basicPublish {
                let exchanges = Set(window.open.map { $0.batch.messages[$0.index].exchange })
                missing.verifyLater(Array(exchanges))
                for exchange in exchanges { connectionState.repair?.report(missingExchange: exchange) }
            }
            throw closure.error("publish")
        default: return
        }
    }

    private func close(_ pending: PendingPublish, _ outcome: ConfirmWindow<PendingPublish>.Outcome) {
        switch outcome {
        case .confirmed:
            if renewal.hasRefusals {
                let message = pending.batch.messages[pending.index]
                renewal.confirmed(exchange: message.exchange, routingKey: message.routingKey)
            }
            answer(pending, .confirmed)
        case .refused:
            let message = pending.batch.messages[pending.index]
            renewal.refused(exchange: message.exchange, routingKey: message.routingKey)
            answer(pending, .refused(reason: "refused by the broker"))
        case .returned(let code, let reason):
            let message = pending.batch.messages[pending.index]
            connectionState.repair?.report(returned: message.exchange, message.routingKey)
            answer(pending, .unroutable(code: code, reason: reason))
        }
    }

    func turnEnded(_ connection: BrokerConnection) throws(AMQPError) {
        try renewChannelIfDue(connection)
        try pump(connection)
        finishIfDrained()
    }

    func lost(_ error: AMQPError) {
        setCondition(.disconnected(reason: "\(error)"))
        isBlocked = false
        window.reset { answer($0, .unconfirmed(reason: "\(error)")) }
        finishIfDrained()
    }

    func ticked(at now: ContinuousClock.Instant) {
        if renewal.isPausing {
            withConnection { connection throws(AMQPError) in
                try renewChannelIfDue(connection)
                try pump(connection)
            }
        }
        let isUp = connectionState.connection != nil && !isBlocked
        let timeout = isUp ? Self.confirmTimeout : connectionState.configuration.publishTimeout
        if isUp, window.openCount > 0,
            unfinished.values.contains(where: { now - max($0.acceptedAt, lastProgress) >= timeout })
        {
            return fail(
                AMQPError(code: .timeout, operation: "publish", detail: "no confirm from the broker for \(timeout)")
            )
        }
        for (id, batch) in unfinished where now - max(batch.acceptedAt, lastProgress) >= timeout {
            batch.giveUp(isUp ? "no confirm from the broker" : "the broker takes no messages: \(condition)")
            unfinished[id] = nil
        }
        finishIfDrained()
    }
}
