package import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Publishes over one connection with confirms; callers share its window fairly.
///
/// A call hops to the connection's thread once, whatever it carries, and waits on one continuation.
package actor RabbitMQPublisher: MessagePublisher, LinkOwner {
    private struct Ticket {
        let batch: PublishBatch
        let index: Int
    }

    private struct Gate {
        var isClosed = false
        var condition = PublisherCondition.disconnected(reason: "not connected yet")
    }

    /// How many messages of one call are sent before the next call has its turn.
    private static let share = 32
    /// How many bytes are sent between two looks at the socket.
    private static let stride = 32_768
    /// Without a sign of life for this long, even a connected broker's confirm is given up.
    private static let confirmPatience = Duration.seconds(60)

    nonisolated let executor: ThreadExecutor
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    let lifeline: Lifeline
    private var limits: PublishLimits
    private let gate = Mutex(Gate())
    private var window: ConfirmWindow<Ticket>
    private var unsent = FIFO<PublishBatch>()
    private var unfinished: [ObjectIdentifier: PublishBatch] = [:]
    private var missing = MissingExchanges()
    private var lastProgress = ContinuousClock.now
    private var isBlocked = false
    private var closing: CheckedContinuation<Void, Never>?

    init(_ configuration: RabbitMQConfiguration, name: String, log: Log?) {
        executor = ThreadExecutor(name: "amqp-publish")
        lifeline = Lifeline(configuration, name: name, log: log)
        limits = PublishLimits(user: configuration.user, maximumFrameSize: configuration.maximumFrameSize)
        window = ConfirmWindow(limit: configuration.confirmWindow)
    }

    deinit { executor.stop() }

    package nonisolated var condition: PublisherCondition { gate.withLock { $0.condition } }

    package nonisolated func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        guard !messages.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            // Under the lock, so that nothing is handed to a thread that is already told to end.
            let isAccepted = gate.withLock { gate in
                guard !gate.isClosed else { return false }
                executor.run { self.assumeIsolated { $0.accept(messages, continuation) } }
                return true
            }
            guard !isAccepted else { return }
            let refusal = PublishResult.unconfirmed(reason: "the publisher is closed")
            continuation.resume(returning: messages.map { _ in refusal })
        }
    }

    package nonisolated func close() async {
        let isFirst = gate.withLock { gate in
            defer { gate.isClosed = true }
            return !gate.isClosed
        }
        if isFirst { await drain() }
    }

    private func drain() async {
        await withCheckedContinuation { continuation in
            closing = continuation
            executor.schedule(after: lifeline.configuration.patience) { self.assumeIsolated { $0.finish() } }
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
        withLink { link throws(AMQPError) in try pump(link) }
    }

    private func answer(_ ticket: Ticket, _ result: PublishResult) {
        ticket.batch.answer(ticket.index, result)
        if ticket.batch.isFinished { unfinished[ObjectIdentifier(ticket.batch)] = nil }
    }

    private func setCondition(_ condition: PublisherCondition) { gate.withLock { $0.condition = condition } }

    // MARK: Sending

    /// Sends as much as the window and the socket take.
    private func pump(_ link: Link) throws(AMQPError) {
        var written = Self.stride
        while !isBlocked, window.room > 0, let batch = unsent.popFirst() {
            // However this ends, by an error of the connection as well: what is unsent stays in line.
            defer { if batch.hasUnsent { unsent.append(batch) } }
            var share = Self.share
            while share > 0, batch.hasUnsent, window.room > 0 {
                if written >= Self.stride {
                    written = 0
                    guard try mayGoOn(link) else { return }
                }
                written += try send(batch, link)
                share -= 1
            }
        }
    }

    /// Reads what has come, so that neither side waits for the other; `false` when the socket takes no more for now.
    private func mayGoOn(_ link: Link) throws(AMQPError) -> Bool {
        let readiness = link.handle.readiness()
        if readiness.isReadable {
            link.received()
            try takeArrived(link)
        }
        guard readiness.isWritable else {
            executor.awaitWritable { [weak self] in
                self?.assumeIsolated { owner in
                    owner.withLink { link throws(AMQPError) in try owner.pump(link) }
                }
            }
            return false
        }
        return !isBlocked
    }

    /// Sends the next message of a batch, or answers for it; returns about how many bytes that took.
    private func send(_ batch: PublishBatch, _ link: Link) throws(AMQPError) -> Int {
        let ticket = Ticket(batch: batch, index: batch.next)
        batch.next += 1
        let message = batch.messages[ticket.index]
        if let reason = limits.refusal(of: message) {
            answer(ticket, .uncarriable(reason: reason))
            return 0
        }
        if let reason = missing.reason(for: message.exchange, at: .now) {
            answer(ticket, .unroutable(code: 404, reason: reason))
            return 0
        }
        window.open(ticket)
        try link.sending { handle throws(AMQPError) in try handle.publish(message) }
        return message.message.body.count + 256
    }

    // MARK: Receiving

    func established(_ link: Link) throws(AMQPError) {
        try missing.look(on: link.handle, at: .now)
        try link.handle.selectConfirms()
        // The broker may have agreed to less than was asked for.
        limits = PublishLimits(user: lifeline.configuration.user, maximumFrameSize: link.maximumFrameSize)
        isBlocked = false
        lastProgress = .now
        setCondition(.connected)
    }

    func take(_ event: BrokerEvent, _ link: Link) throws(AMQPError) {
        switch event {
        case .acknowledged(let tag, let multiple):
            lastProgress = .now
            window.settle(tag, multiple: multiple, as: .confirmed) { close($0, $1) }
        case .refused(let tag, let multiple):
            lastProgress = .now
            window.settle(tag, multiple: multiple, as: .refused) { close($0, $1) }
        case .returned(let head, let message):
            window.returned(code: head.code, reason: head.reason) { ticket in
                let sent = ticket.batch.messages[ticket.index]
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
                missing.suspect(window.open.map { $0.batch.messages[$0.index].exchange })
            }
            throw closure.error("publish")
        default: return
        }
    }

    private func close(_ ticket: Ticket, _ outcome: ConfirmWindow<Ticket>.Outcome) {
        switch outcome {
        case .confirmed: answer(ticket, .confirmed)
        case .refused: answer(ticket, .refused(reason: "refused by the broker"))
        case .returned(let code, let reason): answer(ticket, .unroutable(code: code, reason: reason))
        }
    }

    func turnEnded(_ link: Link) throws(AMQPError) {
        try pump(link)
        finishIfDrained()
    }

    func lost(_ error: AMQPError) {
        setCondition(.disconnected(reason: "\(error)"))
        isBlocked = false
        window.reset { answer($0, .unconfirmed(reason: "\(error)")) }
        finishIfDrained()
    }

    func ticked(at now: ContinuousClock.Instant) {
        let isUp = lifeline.link != nil && !isBlocked
        let patience = isUp ? Self.confirmPatience : lifeline.configuration.patience
        for (id, batch) in unfinished where now - max(batch.acceptedAt, lastProgress) >= patience {
            batch.giveUp(isUp ? "no confirm from the broker" : "the broker takes no messages: \(condition)")
            unfinished[id] = nil
        }
        finishIfDrained()
    }
}
