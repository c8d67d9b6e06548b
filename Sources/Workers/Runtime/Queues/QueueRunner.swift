import Messaging
import Models
import Platform
import Synchronization
import Telemetry

/// Runs the messages of one queue: take, admit, perform, settle, and nothing else in between.
struct QueueRunner: Sendable {
    let queue: QueueDefinition
    let handler: any MessageHandler
    let consumer: any MessageConsumer
    let runtime: Runtime
    let buffer = DeliveryBuffer()
    let slots: [ExecutionSlot]
    let metrics: QueueMetrics
    let intake: Intake
    let settling: SettleStage
    let environment: HandlerEnvironment

    init(queue: QueueDefinition, handler: any MessageHandler, consumer: any MessageConsumer, runtime: Runtime) {
        self.queue = queue
        self.handler = handler
        self.consumer = consumer
        self.runtime = runtime
        slots = (0..<Self.parallelism(of: queue, handler)).map { _ in ExecutionSlot(timeout: queue.timeout) }
        metrics = QueueMetrics(runtime.metrics, queue: queue.name, worker: queue.worker)
        metrics.slots.set(Double(slots.count))
        intake = Intake(queue: queue)
        settling = SettleStage(queue: queue, consumer: consumer, runtime: runtime, metrics: metrics)
        let (tracker, worker) = (runtime.tracker, runtime.processName)
        environment = HandlerEnvironment(
            queue: queue.name,
            log: runtime.log,
            effects: runtime.effects,
            topicExchange: runtime.topology.events.name
        ) { message, percent, note in
            let change = message.change(to: .running, by: worker, progress: percent, note: note)
            Task { await tracker.record([change]) }
        }
    }

    /// How many messages can be running at a time, for the journal.
    static func capacity(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        parallelism(of: queue, handler) * (handler.isBatch ? queue.batch?.size ?? 1 : 1)
    }

    /// Batches may not claim more than the prefetch lets through.
    private static func parallelism(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        guard handler.isBatch, let batch = queue.batch else { return queue.concurrency }
        return max(1, min(queue.concurrency, queue.prefetch / batch.size))
    }

    /// Takes and runs messages in every slot until the buffer is closed.
    func run() async {
        await withDiscardingTaskGroup { group in
            for slot in slots { group.addTask { await serve(slot) } }
        }
    }

    private func serve(_ slot: ExecutionSlot) async {
        while true {
            await runtime.breakers.waitUntilClosed(handler.dependencies)
            let deliveries = await take()
            guard !deliveries.isEmpty else { return }
            if runtime.breakers.firstOpen(of: handler.dependencies) != nil {
                buffer.putBack(deliveries)
                continue
            }
            await process(deliveries, in: slot)
        }
    }

    private func take() async -> [Delivery] {
        if handler.isBatch, let batch = queue.batch {
            return await buffer.nextBatch(of: batch.size, within: batch.wait)
        }
        return await buffer.next().map { [$0] } ?? []
    }

    /// One pass through the stages.
    private func process(_ deliveries: [Delivery], in slot: ExecutionSlot) async {
        let now = WallClock.microseconds()
        var admitted: [InboundMessage] = []
        admitted.reserveCapacity(deliveries.count)
        for delivery in deliveries {
            switch intake.admit(delivery, now: now) {
            case .admitted(let message):
                if !message.hasOwnID { metrics.withoutID.increment() }
                admitted.append(message)
            case .refused(let failure, let messageID):
                await settling.bury(delivery, messageID: messageID, failure, failures: 1)
            }
        }
        admitted = await withoutEndedJobs(admitted)
        if runtime.suspects.isEmpty || !admitted.contains(where: { $0.delivery.isRedelivered }) {
            await runTogether(admitted, in: slot)
        } else {
            await runWithSuspects(admitted, in: slot)
        }
    }

    /// Acknowledges the jobs that were cancelled while they waited, or that a duplicate has carried out.
    private func withoutEndedJobs(_ messages: [InboundMessage]) async -> [InboundMessage] {
        let ids = messages.compactMap(\.job?.id)
        guard !ids.isEmpty, let ended = try? await runtime.effects.ended(jobs: ids), !ended.isEmpty else {
            return messages
        }
        let isEnded = { (message: InboundMessage) in message.job.map { ended.contains($0.id) } ?? false }
        consumer.settle(messages.filter(isEnded).map(\.delivery.token), as: .acknowledge)
        return messages.filter { !isEnded($0) }
    }

    private func runTogether(_ messages: [InboundMessage], in slot: ExecutionSlot) async {
        guard !messages.isEmpty else { return }
        await runtime.gate.enter()
        let running = runtime.journal.begin(messages.map(identity))
        let end = await perform(messages, in: slot)
        runtime.journal.end(running)
        runtime.gate.leave()
        await settle(messages, end)
    }

    /// Condemned messages are buried, suspects run alone in groups no larger than their suspicion allows.
    private func runWithSuspects(_ messages: [InboundMessage], in slot: ExecutionSlot) async {
        var groups: [(size: Int, messages: [InboundMessage])] = []
        var clear: [InboundMessage] = []
        for message in messages {
            guard let suspicion = runtime.suspects.suspicion(of: identity(message)) else {
                clear.append(message)
                continue
            }
            if suspicion.isCondemned {
                await condemn(message)
            } else if let last = groups.last, last.messages.count < min(last.size, suspicion.largestBatch) {
                groups[groups.count - 1].messages.append(message)
                groups[groups.count - 1].size = min(last.size, suspicion.largestBatch)
            } else {
                groups.append((suspicion.largestBatch, [message]))
            }
        }
        await runTogether(clear, in: slot)
        for group in groups { await runAlone(group.messages, in: slot) }
    }

    private func runAlone(_ messages: [InboundMessage], in slot: ExecutionSlot) async {
        let identities = messages.map(identity)
        let journal = runtime.journal
        metrics.suspected.increment(by: messages.count)
        let running = SlotsBox()
        let end = await runtime.gate.solo(onCompany: { journal.accompany(running.slots) }) { isAlone in
            running.slots = journal.begin(identities, mode: isAlone ? .alone : .accompanied)
            return await perform(messages, in: slot)
        }
        journal.end(running.slots)
        await runtime.suspects.clear(identities)
        await settle(messages, end)
    }

    private func condemn(_ message: InboundMessage) async {
        let problem = "the worker process crashed while it ran this message alone"
        let failure = Failure(type: Failure.processCrash, message: problem, isPermanent: true)
        let isBuried = await settling.bury(
            message.delivery,
            messageID: message.messageID,
            failure,
            failures: message.attempt
        )
        if isBuried { await runtime.suspects.clear([identity(message)]) }
    }

    private func perform(_ messages: [InboundMessage], in slot: ExecutionSlot) async -> ExecutionSlot.End {
        metrics.inFlight.add(Double(messages.count))
        let tracked = messages.filter(settling.isTracked)
        if !tracked.isEmpty {
            await runtime.tracker.record(tracked.map { $0.change(to: .running, by: runtime.processName) })
        }
        let start = ContinuousClock.now
        let end = await slot.run { await executeWithMiddleware(messages) }
        metrics.duration.observe((ContinuousClock.now - start).seconds)
        metrics.inFlight.add(-Double(messages.count))
        return end
    }

    private func executeWithMiddleware(_ messages: [InboundMessage]) async -> [Result<Outcome, any Error>] {
        guard !runtime.middleware.isEmpty else { return await handler.handle(messages, in: environment) }
        let execution = Execution(queue: queue.name, worker: queue.worker, messages: messages.map(\.subject))
        return await call(runtime.middleware[...], execution, messages)
    }

    private func call(
        _ rest: ArraySlice<any Middleware>,
        _ execution: Execution,
        _ messages: [InboundMessage]
    ) async -> [Result<Outcome, any Error>] {
        guard let first = rest.first else { return await handler.handle(messages, in: environment) }
        return await first.around(execution) { await call(rest.dropFirst(), execution, messages) }
    }

    private func settle(_ messages: [InboundMessage], _ end: ExecutionSlot.End) async {
        switch end {
        case .interrupted:
            return
        case .timedOut(let isStillRunning):
            metrics.timedOut.increment(by: messages.count)
            if isStillRunning { metrics.abandoned.increment() }
            let limit = "the handler took longer than \(queue.timeout.text)"
            let problem = isStillRunning ? limit + " and ignored its cancellation" : limit
            let error = TimeLimitExceeded(description: problem)
            await settling.settle(messages, messages.map { _ in .failure(error) }, putBack: buffer.putBack)
        case .finished(let results):
            if results.contains(where: \.isSuccess) { runtime.breakers.recordSuccess(of: handler.dependencies) }
            await settling.settle(messages, results, putBack: buffer.putBack)
        }
    }

    private func identity(_ message: InboundMessage) -> MessageIdentity {
        MessageIdentity(queue: queue.name, message: message.delivery.message)
    }
}

/// Carries journal slots between a suspect's execution and whoever lets others go on beside it.
private final class SlotsBox: Sendable {
    private let stored = Mutex<[Int]>([])

    var slots: [Int] {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

/// An execution over its time limit.
struct TimeLimitExceeded: Error, Sendable {
    let description: String
}
