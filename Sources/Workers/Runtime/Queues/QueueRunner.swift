import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry
import Synchronization

/// Runs the messages of one queue: take, admit, execute, settle, and nothing else in between.
final class QueueRunner: Sendable {
    let queue: QueueDefinition
    let handler: any MessageHandler
    let buffer = DeliveryBuffer()
    let slots: [ExecutionSlot]
    private let consumer: any MessageConsumer
    private let runtime: RuntimeServices
    private let metrics: QueueMetrics
    private let intake: Intake
    private let settling: SettleStage
    private let environment: HandlerEnvironment
    private let chunkSizer: ChunkSizer
    private let openSlots: Mutex<Int>
    private let allClosed = Signal()

    /// - Parameter journalBase: the first of the journal's places that belong to this queue.
    init(
        queue: QueueDefinition,
        handler: any MessageHandler,
        consumer: any MessageConsumer,
        runtime: RuntimeServices,
        journalBase: Int
    ) {
        self.queue = queue
        self.handler = handler
        self.consumer = consumer
        self.runtime = runtime
        let step = Self.largestStep(of: queue, handler)
        slots = (0..<Self.parallelism(of: queue, handler)).map { number in
            ExecutionSlot(timeout: queue.timeout, journalBase: journalBase + number * step)
        }
        openSlots = Mutex(slots.count)
        chunkSizer = ChunkSizer()
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
        parallelism(of: queue, handler) * largestStep(of: queue, handler)
    }

    private static func largestStep(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        handler.isBatch ? queue.batch?.size ?? 1 : 1
    }

    /// Batches may not claim more than the prefetch lets through.
    private static func parallelism(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        guard handler.isBatch, let batch = queue.batch else { return queue.concurrency }
        return max(1, min(queue.concurrency, queue.prefetch / batch.size))
    }

    /// Takes and runs messages in every slot until the buffer is closed.
    func run() async {
        for slot in slots { launch(slot) }
        await allClosed.wait()
    }

    /// Gives up the handlers that ignore their cancellation; called every so often.
    func enforceTimeLimits(_ now: ContinuousClock.Instant) {
        for slot in slots {
            guard let work = slot.enforce(now) else { continue }
            metrics.abandoned.increment()
            runtime.log.error("a handler ignores its cancellation and was given up", ["queue": .string(queue.name)])
            launch(slot, settlingFirst: work)
        }
    }

    func interrupt() {
        for slot in slots { slot.interrupt() }
    }

    /// Lets ``run()`` return although handlers run that do not end.
    func giveUp() { allClosed.fire() }

    private func launch(_ slot: ExecutionSlot, settlingFirst work: ExecutionSlot.Work? = nil) {
        slot.launch { generation in
            if let work { await self.settle(work) }
            await self.serve(slot, generation)
        }
    }

    private func serve(_ slot: ExecutionSlot, _ generation: Int) async {
        while true {
            await runtime.breakers.waitUntilClosed(handler.dependencies)
            let deliveries = await take()
            guard !deliveries.isEmpty else { break }
            if runtime.breakers.firstOpen(of: handler.dependencies) != nil {
                buffer.putBack(deliveries)
                continue
            }
            guard await process(deliveries, in: slot, generation) else { return }
        }
        let isLast = openSlots.withLock { open in
            open -= 1
            return open == 0
        }
        if isLast { allClosed.fire() }
    }

    private func take() async -> [Delivery] {
        if handler.isBatch, let batch = queue.batch {
            return await buffer.nextBatch(of: batch.size, within: batch.wait)
        }
        return await buffer.next(upTo: chunkSizer.chunk, sharedBy: slots.count)
    }

    /// One pass through the stages; false when this task has lost its slot.
    private func process(_ deliveries: [Delivery], in slot: ExecutionSlot, _ generation: Int) async -> Bool {
        let now = WallClock.microseconds()
        var admitted: [InboundMessage] = []
        admitted.reserveCapacity(deliveries.count)
        for delivery in deliveries {
            switch intake.admit(delivery, now: now) {
            case .admitted(let message):
                if !message.hasOwnID { metrics.withoutID.increment() }
                admitted.append(message)
            case .refused(let failure, let messageID):
                await settling.deadLetter(delivery, messageID: messageID, failure, failures: 1)
            }
        }
        admitted = await startingJobs(of: admitted)
        if runtime.suspects.isEmpty || !admitted.contains(where: { $0.delivery.isRedelivered }) {
            return await runTogether(admitted, in: slot, generation)
        }
        return await runWithSuspects(admitted, in: slot, generation)
    }

    /// Records that the jobs start, and acknowledges those that were cancelled while they waited, or that a duplicate
    /// has carried out.
    ///
    /// Without Postgres they run all the same: the transaction of an effect decides against a cancellation.
    private func startingJobs(of messages: [InboundMessage]) async -> [InboundMessage] {
        guard messages.contains(where: { $0.job != nil }) else { return messages }
        let attempts = Dictionary(messages.compactMap(\.job).map { ($0.id, $0.attempt) }, uniquingKeysWith: max)
        guard let ended = try? await runtime.effects.start(jobs: attempts), !ended.isEmpty else { return messages }
        let isEnded = { (message: InboundMessage) in message.job.map { ended.contains($0.id) } ?? false }
        consumer.settle(messages.filter(isEnded).map(\.delivery.token), as: .acknowledge)
        return messages.filter { !isEnded($0) }
    }

    private func runTogether(
        _ messages: [InboundMessage],
        in slot: ExecutionSlot,
        _ generation: Int
    ) async -> Bool {
        guard !messages.isEmpty else { return true }
        await runtime.gate.enter()
        let stepResult = await execute(messages, in: slot, generation) { .together }
        runtime.gate.leave()
        return await finish(stepResult, slot, generation)
    }

    /// Poison messages are dead-lettered; suspects run alone, in groups no larger than their suspicion allows.
    private func runWithSuspects(
        _ messages: [InboundMessage],
        in slot: ExecutionSlot,
        _ generation: Int
    ) async -> Bool {
        var groups: [(size: Int, messages: [InboundMessage])] = []
        var clear: [InboundMessage] = []
        for message in messages {
            guard let suspicion = runtime.suspects.suspicion(of: message.identity) else {
                clear.append(message)
                continue
            }
            let size = handler.isBatch ? suspicion.largestBatch : 1
            if suspicion.isPoison {
                await deadLetterPoison(message)
            } else if let last = groups.last, last.messages.count < min(last.size, size) {
                groups[groups.count - 1].messages.append(message)
                groups[groups.count - 1].size = min(last.size, size)
            } else {
                groups.append((size, [message]))
            }
        }
        guard await runTogether(clear, in: slot, generation) else {
            buffer.putBack(groups.flatMap(\.messages).map(\.delivery))
            return false
        }
        for (index, group) in groups.enumerated() {
            guard await runAlone(group.messages, in: slot, generation) else {
                buffer.putBack(groups[(index + 1)...].flatMap(\.messages).map(\.delivery))
                return false
            }
        }
        return true
    }

    private func runAlone(_ messages: [InboundMessage], in slot: ExecutionSlot, _ generation: Int) async -> Bool {
        metrics.suspected.increment(by: messages.count)
        let (journal, places) = (runtime.journal, slot.journalBase..<slot.journalBase + messages.count)
        let isAccompanied = Atomic(false)
        let stepResult = await runtime.gate.isolate(
            onTimeout: {
                isAccompanied.store(true, ordering: .sequentiallyConsistent)
                journal.accompany(places)
            }
        ) { isAlone in
            await execute(messages, in: slot, generation) {
                isAlone && !isAccompanied.load(ordering: .sequentiallyConsistent) ? .alone : .accompanied
            }
        }
        await runtime.suspects.clear(messages.map(\.identity))
        return await finish(stepResult, slot, generation)
    }

    private func deadLetterPoison(_ message: InboundMessage) async {
        let problem = "the worker process crashed while it ran this message alone"
        let failure = Failure(type: Failure.processCrash, message: problem, isPermanent: true)
        let (delivery, attempt) = (message.delivery, message.attempt)
        if await settling.deadLetter(delivery, messageID: message.messageID, failure, failures: attempt) {
            await runtime.suspects.clear([message.identity])
        }
    }

    /// Executes the messages: together for a batch worker, one after the other for the rest.
    private func execute(
        _ messages: [InboundMessage],
        in slot: ExecutionSlot,
        _ generation: Int,
        mode: () -> RunningJournal.Mode
    ) async -> ExecutionSlot.StepResult {
        let tracked = messages.filter(settling.isTracked)
        if !tracked.isEmpty {
            await runtime.tracker.record(tracked.map { $0.change(to: .running, by: runtime.processName) })
        }
        slot.accept(messages, generation)
        metrics.inFlight.add(Double(messages.count))
        defer { metrics.inFlight.add(-Double(messages.count)) }
        let start = ContinuousClock.now
        let step = handler.isBatch ? messages.count : 1
        var index = 0
        while index < messages.count {
            let part = step == messages.count ? messages : [messages[index]]
            let places = slot.journalBase..<slot.journalBase + part.count
            for (message, place) in zip(part, places) {
                runtime.journal.begin(message.identity, at: place, of: part.count, mode: mode())
            }
            slot.beginStep(of: part.count, generation)
            let results = await executeWithMiddleware(part)
            let stepResult = slot.endStep(results, generation)
            if case .abandoned = stepResult { return stepResult }
            runtime.journal.end(places)
            guard case .goOn = stepResult else { return stepResult }
            index += part.count
        }
        let elapsed = (ContinuousClock.now - start).seconds / Double(messages.count)
        chunkSizer.note(elapsed)
        metrics.duration.observe(elapsed * Double(step), times: messages.count / step)
        return .goOn
    }

    private func executeWithMiddleware(_ messages: [InboundMessage]) async -> ExecutionSlot.Results {
        guard !runtime.middleware.isEmpty else { return await handler.handle(messages, in: environment) }
        let execution = Execution(queue: queue.name, worker: queue.worker, messages: messages.map(\.subject))
        return await call(runtime.middleware[...], execution, messages)
    }

    private func call(
        _ rest: ArraySlice<any Middleware>,
        _ execution: Execution,
        _ messages: [InboundMessage]
    ) async -> ExecutionSlot.Results {
        guard let first = rest.first else { return await handler.handle(messages, in: environment) }
        return await first.around(execution) { await call(rest.dropFirst(), execution, messages) }
    }

    /// Settles what the result leaves to this task; false when another task has taken over the slot.
    private func finish(_ stepResult: ExecutionSlot.StepResult, _ slot: ExecutionSlot, _ generation: Int) async -> Bool
    {
        switch stepResult {
        case .goOn:
            guard let work = slot.finish(generation) else { return false }
            await settle(work)
            return true
        case .timedOut(let work):
            metrics.timedOut.increment()
            // This task is cancelled; settling and what follows need one that is not.
            launch(slot, settlingFirst: work)
            return false
        case .interrupted(let work):
            launch(slot, settlingFirst: Self.finished(work))
            return false
        case .abandoned:
            return false
        }
    }

    private static func finished(_ work: ExecutionSlot.Work) -> ExecutionSlot.Work {
        ExecutionSlot.Work(messages: Array(work.messages.prefix(work.results.count)), results: work.results)
    }

    /// Settles what has results, and puts back what was not reached.
    private func settle(_ work: ExecutionSlot.Work) async {
        if work.results.contains(where: \.isSuccess) { runtime.breakers.recordSuccess(of: handler.dependencies) }
        buffer.putBack(work.messages.dropFirst(work.results.count).map(\.delivery))
        await settling.settle(work.messages, work.results, putBack: buffer.putBack)
    }
}
