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
    let runtime: RuntimeServices
    let hold: InstallationHold
    let metrics: QueueMetrics
    private let intake: Intake
    let settling: SettleStage
    /// What executions of this queue and of the other levels of its family share; `nil` for a queue without levels.
    let permits: SharedPermits?
    private let environment: HandlerEnvironment
    private let chunkSizer: ChunkSizer
    private let openSlots: Mutex<Int>
    private let allClosed = Signal()

    /// - Parameters:
    ///   - journalBase: the first of the journal's places that belong to this queue.
    ///   - permits: of the queue's family.
    init(
        queue: QueueDefinition,
        handler: any MessageHandler,
        consumer: any MessageConsumer,
        runtime: RuntimeServices,
        journalBase: Int,
        permits: SharedPermits? = nil
    ) {
        self.queue = queue
        self.permits = permits
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
        intake = Intake(queue: queue, rights: runtime.rights)
        hold = InstallationHold(queue: queue.name, log: runtime.log, gauge: metrics.held)
        settling = SettleStage(queue: queue, consumer: consumer, runtime: runtime, metrics: metrics, hold: hold)
        let (tracker, worker) = (runtime.tracker, runtime.processName)
        environment = HandlerEnvironment(
            queue: queue.name,
            worker: queue.worker,
            log: runtime.log,
            effects: runtime.effects.limited(to: Self.transactionTimeout(of: queue, runtime.transactionTimeout)),
            topicExchange: runtime.topology.events.name
        ) { message, percent, note in
            let send: @Sendable (Int, String?) async -> Void = { percent, note in
                await tracker.record([message.change(to: .running, by: worker, progress: percent, note: note)])
            }
            if let job = message.job {
                job.report.progress(percent, note, send: send)
            } else {
                Task { await send(percent, note) }
            }
        }
    }

    /// How many messages can be running at a time, for the journal.
    static func capacity(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        parallelism(of: queue, handler) * largestStep(of: queue, handler)
    }

    /// A third of the handler's time, so that a slow database is told from a slow handler.
    static func transactionTimeout(of queue: QueueDefinition, _ limit: Duration) -> Duration {
        min(limit, max(queue.timeout / 3, .seconds(1)))
    }

    private static func largestStep(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
        handler.isBatch ? queue.batch?.size ?? 1 : 1
    }

    /// Batches may not claim more than the prefetch lets through.
    static func parallelism(of queue: QueueDefinition, _ handler: any MessageHandler) -> Int {
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
            putBack(work.waiting)
            hold.endTrial()
            runtime.log.error("a handler ignores its cancellation and was given up", ["queue": .string(queue.name)])
            launch(slot, settlingFirst: work)
        }
    }

    /// Asks the handlers of these jobs to end; each has as long as it says.
    func cancel(_ jobs: [String: Duration]) {
        for slot in slots { slot.cancel(jobs) }
    }

    /// Whether a job is being executed.
    var runsJobs: Bool { slots.contains(where: \.runsJob) }

    func interrupt() {
        for slot in slots { slot.interrupt() }
    }

    /// Lets ``run()`` return although handlers run that do not end.
    func giveUp() { allClosed.fire() }

    private func launch(_ slot: ExecutionSlot, settlingFirst work: ExecutionSlot.Work? = nil) {
        slot.launch(settlingFirst: work) { generation in
            await self.settleHandover(of: slot, generation)
            await self.serve(slot, generation)
        }
    }

    /// On its own, so that what is settled is out of memory before the slot is served.
    private func settleHandover(of slot: ExecutionSlot, _ generation: Int) async {
        if let work = slot.takeHandover(generation) { await settle(work) }
    }

    private func serve(_ slot: ExecutionSlot, _ generation: Int) async {
        while true {
            if permits != nil, hold.isHeld || runtime.breakers.firstOpen(of: handler.dependencies) != nil {
                giveBackPermit(of: slot, generation)
            }
            await runtime.breakers.waitUntilClosed(handler.dependencies)
            let isTrial = hold.isHeld ? await hold.waitForTurn() : false
            let deliveries = await take(upTo: isTrial ? 1 : chunkSizer.chunk, for: slot, generation)
            guard !deliveries.isEmpty else { break }
            let isToWait = hold.isHeld && !isTrial && !runtime.breakers.isReleased
            if isToWait || runtime.breakers.firstOpen(of: handler.dependencies) != nil {
                buffer.putBack(deliveries)
                if isTrial { hold.endTrial() }
                continue
            }
            if isTrial { hold.beginTrial() }
            let isStillMine = await process(deliveries, in: slot, generation)
            if isTrial { hold.endTrial() }
            guard isStillMine else { return }
        }
        giveBackPermit(of: slot, generation)
        let isLast = openSlots.withLock { open in
            open -= 1
            return open == 0
        }
        if isLast { allClosed.fire() }
    }

    private func take(upTo limit: Int, for slot: ExecutionSlot, _ generation: Int) async -> [Delivery] {
        let batch = handler.isBatch ? queue.batch : nil
        if let permits { return await take(upTo: limit, or: batch, with: permits, for: slot, generation) }
        if let batch {
            return await buffer.nextBatch(of: batch.size, within: batch.wait, bytes: runtime.batchBytes)
        }
        return await buffer.next(upTo: limit, sharedBy: slots.count)
    }

    /// The next deliveries, for which the slot then has a permit. They stay in the buffer until it has: what waits for its
    /// turn can still go back to the broker.
    private func take(
        upTo limit: Int,
        or batch: QueueDefinition.Batch?,
        with permits: SharedPermits,
        for slot: ExecutionSlot,
        _ generation: Int
    ) async -> [Delivery] {
        let size = batch?.size ?? 1
        while true {
            if buffer.count < size {
                giveBackPermit(of: slot, generation)
                guard await buffer.waitForBatch(of: size, within: batch?.wait ?? .zero) else { return [] }
            }
            // Where more waits here, the slot asks before it gives back: its level is among those to choose from.
            let isReturning = slot.takePermit(generation)
            guard await permits.acquire(queue.level, returningOne: isReturning) else { return [] }
            slot.notePermit(generation)
            let deliveries =
                batch == nil
                ? buffer.takeNow(upTo: limit, sharedBy: slots.count)
                : buffer.takeNow(upTo: size, bytes: runtime.batchBytes)
            permits.charge(queue.level, messages: deliveries.count)
            if !deliveries.isEmpty { return deliveries }
        }
    }

    private func giveBackPermit(of slot: ExecutionSlot, _ generation: Int) {
        if let permits, slot.takePermit(generation) { permits.giveBack() }
    }

    /// One pass through the stages; false when this task has lost its slot.
    private func process(_ deliveries: [Delivery], in slot: ExecutionSlot, _ generation: Int) async -> Bool {
        let now = WallClock.microseconds()
        var admitted: [InboundMessage] = []
        admitted.reserveCapacity(deliveries.count)
        var unpackedBytes = 0
        admitting: for (index, delivery) in deliveries.enumerated() {
            var place: UnpackingRoom.Place?
            if BodyEncoding.isPacked(delivery.message) {
                place = runtime.unpacking.take(upTo: queue.maxBody)
                guard place != nil || admitted.isEmpty else {
                    buffer.putBack(Array(deliveries[index...]))
                    break
                }
                if place == nil { place = await runtime.unpacking.wait(upTo: queue.maxBody) }
            }
            switch intake.admit(delivery, now: now, in: place) {
            case .admitted(let message):
                if !message.hasOwnID { metrics.withoutID.increment() }
                admitted.append(message)
                guard message.isUnpacked else { continue }
                unpackedBytes += message.body.count
                guard unpackedBytes > runtime.batchBytes else { continue }
                buffer.putBack(Array(deliveries[(index + 1)...]))
                break admitting
            case .refused(let failure, let messageID):
                await settling.deadLetter(delivery, messageID: messageID, failure, failures: 1)
                delivery.releaseBody()
            }
        }
        admitted = await startingJobs(of: admitted)
        guard handler.isBatch, admitted.count > 1, !settling.slow.isEmpty else {
            return await run(admitted, in: slot, generation)
        }
        return await runSlowAlone(admitted, in: slot, generation)
    }

    func run(_ messages: [InboundMessage], in slot: ExecutionSlot, _ generation: Int) async -> Bool {
        if runtime.suspects.isEmpty || !messages.contains(where: { $0.delivery.isRedelivered }) {
            return await runTogether(messages, in: slot, generation)
        }
        return await runWithSuspects(messages, in: slot, generation)
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
        let ending = messages.filter(isEnded)
        consumer.settle(ending.map(\.delivery.token), as: .acknowledge)
        for message in ending { message.releaseBodies() }
        return messages.filter { !isEnded($0) }
    }

    func runTogether(
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

    /// Executes the messages: together for a batch worker, one after the other for the rest.
    func execute(
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
    func finish(_ stepResult: ExecutionSlot.StepResult, _ slot: ExecutionSlot, _ generation: Int) async -> Bool {
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
        case .cancelled(let work):
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
        if work.results.contains(where: \.isSuccess) {
            runtime.breakers.recordSuccess(of: handler.dependencies)
            if hold.isHeld { hold.recordSuccess() }
        }
        var returned = work.messages.dropFirst(work.results.count).map(\.delivery)
        buffer.putBack(returned)
        let batchSize = handler.isBatch ? work.messages.count : 1
        await settling.settle(work.messages, work.results, batchSize: batchSize) { deliveries in
            returned += deliveries
            buffer.putBack(deliveries)
        }
        guard work.messages.contains(where: \.isCounted) else { return }
        // A handler that was given up holds them for as long as it likes.
        let waiting = Set(returned.map { ObjectIdentifier($0) })
        for message in work.messages {
            message.releaseUnpacked()
            if waiting.isEmpty || !waiting.contains(ObjectIdentifier(message.delivery)) {
                message.delivery.releaseBody()
            }
        }
    }
}
