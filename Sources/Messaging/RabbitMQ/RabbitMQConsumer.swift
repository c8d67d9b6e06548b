import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Consumes from several queues over one channel, and gathers the acknowledgements.
package actor RabbitMQConsumer: MessageConsumer, ReconnectingConnection {
    struct Mailbox {
        var settlements: [(tokens: [DeliveryToken], settlement: Settlement)] = []
        var isAnnounced = false
        /// Of the connection that is up.
        var epoch: UInt64?
        var isClosed = false
        var isStalled = false
    }

    enum ProbeChannel {
        case closed, opening, open, asking(Int)
    }

    private static let deliveriesPerEvent = 512
    static let bytesPerEvent = 4 << 20
    /// RabbitMQ closes a connection that takes nothing for 30 seconds.
    static let longestPause = Duration.seconds(8)
    /// How many messages are kept without room. What is returned after them comes again at once, and each time counts
    /// against its crash limit.
    static let slack = 8
    /// How many acknowledgement frames RabbitMQ passes on to a quorum queue at once for certain: it keeps what comes
    /// after 32 unanswered ones for later (`quorum_commands_soft_limit`), and forgets it when the channel closes.
    private static let promptFrames = 16
    /// How long a queue that was missing is left alone once it is there.
    static let newQueueDelay = Duration.milliseconds(500)

    nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    package nonisolated let events: AsyncStream<ConsumerEvent>

    let connectionState: ConnectionState
    let output: AsyncStream<ConsumerEvent>.Continuation
    let mailbox = Mutex(Mailbox())
    private var epoch: UInt64 = 0
    private var isConnected = false
    var subscriptions: [SubscriptionState]
    var queueByTag: [String: String] = [:]
    var acknowledgements: AckWindow
    private var isFlushPlanned = false
    /// Acknowledgement frames since the broker's last reply to a request that it had to pass on to the queues.
    private var framesSinceAnswer = 0
    private var collected: [Delivery] = []
    /// How many bytes the large bodies among them have.
    var collectedBytes = 0
    let bodies: BodyBudget.Account
    private let trust: FleetHeaderTrust?
    var isReadingPaused = false
    var saidFullAt: ContinuousClock.Instant?
    var pausedAt = ContinuousClock.now
    /// Whether the next large body is to be read although there is no room, so that the connection is not taken for dead.
    var readsNext = false
    /// How many of those have been kept since there was room.
    var keptWithoutRoom = 0
    var pendingReplies = FIFO<PendingReply>()
    var probeChannel = ProbeChannel.closed
    private var stopped: [CheckedContinuation<Void, Never>] = []

    init(
        _ configuration: RabbitMQConfiguration,
        name: String,
        subscriptions: [Subscription],
        log: Log?,
        repair: TopologyRepair? = nil,
        bodyBudget: BodyBudget = BodyBudget(),
        trust: FleetHeaderTrust? = nil
    ) {
        self.trust = trust
        bodies = BodyBudget.Account(bodyBudget)
        executor = ThreadExecutor(name: "amqp-consume")
        connectionState = ConnectionState(configuration, name: name, log: log, repair: repair)
        self.subscriptions = subscriptions.enumerated().map { SubscriptionState($1, index: $0) }
        acknowledgements = Self.window(for: subscriptions)
        (events, output) = AsyncStream.makeStream()
    }

    deinit {
        output.finish()
        executor.stop()
    }

    private static func window(for subscriptions: [Subscription]) -> AckWindow {
        AckWindow(linger: .milliseconds(2), pendingLimit: (subscriptions.map(\.prefetch).min() ?? 1) / 4)
    }

    // MARK: Settling

    package nonisolated func settle(_ delivery: DeliveryToken, as settlement: Settlement) {
        settle([delivery], as: settlement)
    }

    package nonisolated func settle(_ deliveries: [DeliveryToken], as settlement: Settlement) {
        guard !deliveries.isEmpty else { return }
        mailbox.withLock { mailbox in
            guard !mailbox.isClosed else { return }
            mailbox.settlements.append((deliveries, settlement))
            guard !mailbox.isAnnounced else { return }
            mailbox.isAnnounced = true
            executor.run { [weak self] in self?.assumeIsolated { $0.takeSettlements() } }
        }
    }

    package nonisolated func holds(_ delivery: DeliveryToken) -> Bool {
        mailbox.withLock { $0.epoch == delivery.epoch && !$0.isClosed }
    }

    package nonisolated var isStalled: Bool { mailbox.withLock(\.isStalled) }

    private func takeSettlements() {
        let settlements = mailbox.withLock { mailbox in
            defer {
                mailbox.settlements = []
                mailbox.isAnnounced = false
            }
            return mailbox.settlements
        }
        for (tokens, settlement) in settlements {
            for token in tokens where token.epoch == epoch { acknowledgements.settle(token.tag, as: settlement) }
        }
        sendAcknowledgements()
    }

    func sendAcknowledgements(everything: Bool = false) {
        withConnection { connection throws(AMQPError) in
            let frames = acknowledgements.flush(at: .now, everything: everything)
            if !frames.isEmpty {
                framesSinceAnswer += frames.count
                try connection.sending { handle throws(AMQPError) in
                    for frame in frames {
                        try handle.send(frame)
                        connection.progressed()
                    }
                }
            }
            guard let deadline = acknowledgements.deadline, !isFlushPlanned else { return }
            isFlushPlanned = true
            executor.schedule(after: max(.zero, deadline - .now)) { [weak self] in
                self?.assumeIsolated { consumer in
                    consumer.isFlushPlanned = false
                    consumer.sendAcknowledgements()
                }
            }
        }
    }

    // MARK: Pausing and stopping

    package func pause(_ queue: String) async { await stop { $0.queue == queue } }

    package func stopDeliveries() async { await stop { _ in true } }

    package func resume(_ queue: String, prefetch: Int?) {
        for index in subscriptions.indices where subscriptions[index].queue == queue {
            subscriptions[index].isWanted = true
            subscriptions[index].prefetch = prefetch ?? subscriptions[index].subscription.prefetch
        }
        withConnection { connection throws(AMQPError) in try advance(connection) }
    }

    private func stop(_ isMeant: (SubscriptionState) -> Bool) async {
        for index in subscriptions.indices where isMeant(subscriptions[index]) {
            subscriptions[index].isWanted = false
        }
        withConnection { connection throws(AMQPError) in try advance(connection) }
        guard isStopAwaited else { return }
        // The broker's answer comes behind what it has sent already, and may be among what is read right here.
        resumeReading()
        guard isStopAwaited else { return }
        await withCheckedContinuation { stopped.append($0) }
    }

    /// Whether the broker has yet to answer that it delivers no more.
    private var isStopAwaited: Bool { connectionState.connection != nil && isAnswerAwaited }

    private func resumeStopped() {
        guard !stopped.isEmpty, !isStopAwaited else { return }
        for continuation in stopped { continuation.resume() }
        stopped = []
    }

    package func flush() async {
        takeSettlements()
        sendAcknowledgements(everything: true)
        await reachBroker()
    }

    /// Waits until the broker has read all that was sent.
    private func reachBroker() async {
        await withCheckedContinuation { continuation in
            guard connectionState.connection != nil else { return continuation.resume() }
            pendingReplies.append(.barrier(continuation))
            let prefetch = subscriptions.first?.subscription.prefetch ?? 1
            // Every consumer sets the prefetch right before it starts, so this changes nothing.
            withConnection { connection throws(AMQPError) in
                try connection.sending { handle throws(AMQPError) in try handle.sendPrefetch(prefetch) }
            }
        }
    }

    /// Waits until the queues have applied what was settled, not only the broker's channel read it.
    ///
    /// A consumer that comes and goes has to be agreed on by the queue, in order with all else. What the channel kept
    /// for later it sends when the first is answered; the answer to the second says that it has arrived. One message
    /// of a queue may come back for it, marked as redelivered.
    private func reachQueues() async {
        guard framesSinceAnswer > Self.promptFrames else { return }
        let echoes = subscriptions.filter { $0.generation > 0 && $0.phase == .idle }
        await ask(echoes.count + 1) { handle throws(AMQPError) in
            try handle.sendPrefetch(1)
            for echo in echoes { try handle.sendConsume(echo.queue, tag: "e\(echo.index)") }
        }
        await ask(echoes.count) { handle throws(AMQPError) in
            for echo in echoes { try handle.sendCancel(tag: "e\(echo.index)") }
        }
    }

    private func ask(
        _ count: Int,
        _ send: (borrowing ConnectionHandle) throws(AMQPError) -> Void
    ) async {
        guard connectionState.connection != nil else { return }
        for _ in 0..<count { pendingReplies.append(.echo) }
        withConnection { connection throws(AMQPError) in try connection.sending(send) }
        await reachBroker()
    }

    package func close() async {
        guard !mailbox.withLock(\.isClosed) else { return }
        await stopDeliveries()
        await flush()
        await reachQueues()
        let isFirst = mailbox.withLock { mailbox in
            defer { mailbox.isClosed = true }
            return !mailbox.isClosed
        }
        guard isFirst else { return }
        takeSettlements()
        disconnect()
        // Whoever flushes or closes at the same time waits for an answer that can't come any more.
        for case .barrier(let continuation) in pendingReplies.takeAll() { continuation.resume() }
        resumeStopped()
        output.finish()
        executor.stop()
    }

    // MARK: The connection

    func established(_ connection: BrokerConnection) throws(AMQPError) {
        epoch += 1
        mailbox.withLock { $0.epoch = epoch }
        isConnected = true
        output.yield(.connected(epoch: epoch))
        acknowledgements = Self.window(for: subscriptions.map(\.subscription))
        try advance(connection)
    }

    func take(_ event: BrokerEvent, _ connection: BrokerConnection) throws(AMQPError) {
        switch event {
        case .delivery(let head, let received):
            // One for an echo goes back when the connection closes.
            guard let queue = queueByTag[head.consumerTag] else { return }
            acknowledgements.delivered(head.tag)
            let size = received.body.count
            let isCounted = size >= BodyBudget.smallest || received.properties.contentEncoding != nil
            if isCounted, mustRead, bodies.isFull, !keepsWithoutRoom() { return returnUnread(head.tag) }
            if isCounted { readsNext = false }
            collected.append(
                Delivery(
                    message: trust?.screened(received, exchange: head.exchange, queue: queue) ?? received,
                    queue: queue,
                    exchange: head.exchange,
                    routingKey: head.routingKey,
                    isRedelivered: head.isRedelivered,
                    token: DeliveryToken(epoch: epoch, tag: head.tag),
                    account: isCounted ? bodies : nil
                )
            )
            if isCounted { heldCounted(size) }
            if collected.count >= Self.deliveriesPerEvent { yieldCollected() }
        case .reply(let reply, channel: 1): answered(reply)
        case .reply(.channelOpened, _): probeChannel = .open
        case .reply(.queueExists, _):
            guard case .asking(let index) = probeChannel else { return }
            probeChannel = .open
            try found(index, connection)
        case .consumerCancelled(let tag):
            guard let index = subscriptions.firstIndex(where: { $0.tag == tag }) else { return }
            missed(index, "cancelled by the broker")
        case .channelClosed(let closure, channel: 2):
            let asked = probeChannel
            probeChannel = .closed
            try connection.sending { handle throws(AMQPError) in try handle.sendCloseOK(channel: 2) }
            if case .asking(let index) = asked { missed(index, closure.reason) }
        case .channelClosed(let closure, _):
            if closure.method == MethodID.basicConsume, case .consume(let index) = pendingReplies.first {
                missed(index, closure.reason)
            }
            throw closure.error("consume")
        default: return
        }
    }

    /// The subscription that was asked to deliver first among those without an answer.
    private var firstAsked: Int? {
        for pending in pendingReplies.all {
            if case .consume(let index) = pending { return index }
        }
        return nil
    }

    private func answered(_ reply: MethodReply) {
        switch (pendingReplies.popFirst(), reply) {
        case (.barrier(let continuation), _): continuation.resume()
        case (.consume(let index), _):
            subscriptions[index].phase = .consuming
            subscriptions[index].failures = 0
        case (.cancel, .cancelled(let tag)):
            guard let index = subscriptions.firstIndex(where: { $0.tag == tag }) else { return }
            if subscriptions[index].phase == .cancelling { subscriptions[index].phase = .idle }
            if !subscriptions.contains(where: \.isStopping) { framesSinceAnswer = 0 }
        default: return
        }
    }

    // MARK: Handing on

    func yieldCollected() {
        collectedBytes = 0
        guard !collected.isEmpty else { return }
        output.yield(.deliveries(collected))
        collected = []
        collected.reserveCapacity(64)
    }

    func turnEnded(_ connection: BrokerConnection) throws(AMQPError) {
        yieldCollected()
        try advance(connection)
        resumeStopped()
    }

    func lost(_ error: AMQPError) {
        // An internal error while a queue is asked to deliver is that queue's: it waits, so that the others can go on.
        if error.code == .broker(replyCode: 541), let index = firstAsked {
            missed(index, error.detail, isGone: false)
        }
        mailbox.withLock { $0.epoch = nil }
        setReadingPaused(false)
        // What was read but not handed out comes again, on the next connection.
        collected = []
        queueByTag = [:]
        probeChannel = .closed
        for index in subscriptions.indices where subscriptions[index].phase != .missing {
            subscriptions[index].phase = .idle
        }
        for case .barrier(let continuation) in pendingReplies.takeAll() { continuation.resume() }
        resumeStopped()
        guard isConnected else { return }
        isConnected = false
        output.yield(.disconnected(reason: "\(error)"))
    }

    func ticked(at now: ContinuousClock.Instant) {
        guard isReadingPaused else { return }
        if bodies.isFull {
            guard now - pausedAt > Self.longestPause else { return }
            readsNext = true
        }
        resumeReading()
    }
}
