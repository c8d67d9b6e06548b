import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Consumes from several queues over one channel, and gathers the acknowledgements.
package actor RabbitMQConsumer: MessageConsumer, ReconnectingConnection {
    private struct Mailbox {
        var settlements: [(tokens: [DeliveryToken], settlement: Settlement)] = []
        var isAnnounced = false
        /// Of the connection that is up.
        var epoch: UInt64?
        var isClosed = false
        var isStalled = false
    }

    private enum ProbeChannel {
        case closed, opening, open, asking(Int)
    }

    private static let deliveriesPerEvent = 512
    private static let bytesPerEvent = 4 << 20
    /// RabbitMQ closes a connection that takes nothing for 30 seconds.
    private static let longestPause = Duration.seconds(8)
    /// How many messages are kept without room. What is returned after them comes again at once, and each time counts
    /// against its crash limit.
    private static let slack = 8
    /// How many acknowledgement frames RabbitMQ passes on to a quorum queue at once for certain: it keeps what comes
    /// after 32 unanswered ones for later (`quorum_commands_soft_limit`), and forgets it when the channel closes.
    private static let promptFrames = 16
    /// How long a queue that was missing is left alone once it is there.
    private static let newQueueDelay = Duration.milliseconds(500)

    nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    package nonisolated let events: AsyncStream<ConsumerEvent>

    let connectionState: ConnectionState
    private let output: AsyncStream<ConsumerEvent>.Continuation
    private let mailbox = Mutex(Mailbox())
    private var epoch: UInt64 = 0
    private var isConnected = false
    private var subscriptions: [SubscriptionState]
    private var queueByTag: [String: String] = [:]
    private var acknowledgements: AckWindow
    private var isFlushPlanned = false
    /// Acknowledgement frames since the broker's last reply to a request that it had to pass on to the queues.
    private var framesSinceAnswer = 0
    private var collected: [Delivery] = []
    /// Of the large bodies among them.
    private var collectedBytes = 0
    private let bodies: BodyBudget.Account
    private let trust: FleetHeaderTrust?
    private(set) var isReadingPaused = false
    private var saidFullAt: ContinuousClock.Instant?
    private var pausedAt = ContinuousClock.now
    /// Whether the next large body is to be read although there is no room, so that the connection is not taken for dead.
    private var readsNext = false
    /// How many of those have been kept since there was room.
    private var keptWithoutRoom = 0
    private var pendingReplies = FIFO<PendingReply>()
    private var probeChannel = ProbeChannel.closed
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

    private func sendAcknowledgements(everything: Bool = false) {
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

    // MARK: Subscribing

    /// Takes every subscription one step further.
    private func advance(_ connection: BrokerConnection) throws(AMQPError) {
        for index in subscriptions.indices where subscriptions[index].isStopping {
            guard subscriptions[index].phase == .consuming else { continue }
            subscriptions[index].phase = .cancelling
            pendingReplies.append(.cancel)
            let tag = subscriptions[index].tag
            try connection.sending { handle throws(AMQPError) in try handle.sendCancel(tag: tag) }
        }
        guard let next = subscriptions.firstIndex(where: { $0.isWanted && $0.phase == .idle }) else { return }
        switch probeChannel {
        case .closed:
            probeChannel = .opening
            try connection.sending { handle throws(AMQPError) in try handle.sendOpenChannel(2) }
        case .open:
            probeChannel = .asking(next)
            subscriptions[next].phase = .probing
            let queue = subscriptions[next].queue
            try connection.sending { handle throws(AMQPError) in try handle.sendProbe(queue, channel: 2) }
        case .opening, .asking: return
        }
    }

    /// The queue is there. When it has only just been made, RabbitMQ knows its name before its processes run, and
    /// a consumer that comes too soon costs the whole connection: such a queue is asked for once more, a little later.
    private func found(_ index: Int, _ connection: BrokerConnection) throws(AMQPError) {
        if subscriptions[index].failures > 0, !subscriptions[index].isFound {
            subscriptions[index].isFound = true
            lookAgain(index, after: Self.newQueueDelay)
        } else {
            try consume(index, connection)
        }
    }

    private func consume(_ index: Int, _ connection: BrokerConnection) throws(AMQPError) {
        guard subscriptions[index].isWanted else {
            subscriptions[index].phase = .idle
            return
        }
        subscriptions[index].phase = .starting
        subscriptions[index].generation += 1
        let state = subscriptions[index]
        queueByTag[state.tag] = state.queue
        pendingReplies.append(.prefetch)
        pendingReplies.append(.consume(index))
        try connection.sending { handle throws(AMQPError) in
            try handle.sendPrefetch(state.prefetch)
            try handle.sendConsume(state.queue, tag: state.tag)
        }
    }

    /// The queue is not there, or can't deliver: says so once, and looks again later.
    ///
    /// - Parameter isGone: whether the broker said that it is not there (any more).
    private func missed(_ index: Int, _ reason: String, isGone: Bool = true) {
        subscriptions[index].isFound = false
        subscriptions[index].failures += 1
        let (queue, failures) = (subscriptions[index].queue, subscriptions[index].failures)
        if isGone { connectionState.repair?.report(lost: queue) }
        if failures == 1 {
            yieldCollected()
            output.yield(.cancelled(queue: queue))
            connectionState.log?.warning(
                "no deliveries from a queue",
                ["connection": .string(connectionState.name), "queue": .string(queue), "error": .string(reason)]
            )
        }
        lookAgain(
            index,
            after: connectionState.configuration.backoff.delay(afterFailures: failures, chance: .random(in: 0...1))
        )
    }

    private func lookAgain(_ index: Int, after delay: Duration) {
        subscriptions[index].phase = .missing
        executor.schedule(after: delay) { [weak self] in
            self?.assumeIsolated { consumer in
                guard consumer.subscriptions[index].phase == .missing else { return }
                consumer.subscriptions[index].phase = .idle
                consumer.withConnection { connection throws(AMQPError) in try consumer.advance(connection) }
            }
        }
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

    // MARK: Large bodies

    /// Whether something is waited for that comes behind the deliveries.
    private var mustRead: Bool { readsNext || isAnswerAwaited }

    private var isAnswerAwaited: Bool { subscriptions.contains(where: \.isStopping) }

    private func heldCounted(_ bytes: Int) {
        collectedBytes += bytes
        if collectedBytes >= Self.bytesPerEvent { yieldCollected() }
        if !mustRead, bodies.isFull { setReadingPaused(true) }
    }

    private func keepsWithoutRoom() -> Bool {
        guard !isAnswerAwaited, keptWithoutRoom < Self.slack else { return false }
        keptWithoutRoom += 1
        return true
    }

    /// While an answer is waited for, and once the slack is used up, what is too much goes back.
    private func returnUnread(_ tag: UInt64) {
        readsNext = false
        if !isAnswerAwaited { setReadingPaused(true) }
        acknowledgements.settle(tag, as: .requeue)
        executor.run { [weak self] in self?.assumeIsolated { $0.sendAcknowledgements() } }
    }

    func readingPaused() {
        if saidFullAt.map({ .now - $0 > .seconds(60) }) ?? true {
            saidFullAt = .now
            connectionState.log?.info(
                "the messages in work are as large as memory allows; reading on as they end",
                ["connection": .string(connectionState.name)]
            )
        }
        bodies.whenRoom { [weak self, executor] in
            executor.run { [weak self] in self?.assumeIsolated { $0.resumeReading() } }
        }
    }

    private func resumeReading() {
        guard isReadingPaused else { return }
        if !bodies.isFull { keptWithoutRoom = 0 }
        setReadingPaused(false)
        watchAndRead()
    }

    private func setReadingPaused(_ isPaused: Bool) {
        isReadingPaused = isPaused
        pausedAt = .now
        mailbox.withLock { $0.isStalled = isPaused }
    }

    private func yieldCollected() {
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
