package import FlotillaMessaging
package import FlotillaModels
import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Takes what lies in the dead-letter queues, files it in Postgres, and acknowledges after the commit.
///
/// While Postgres is out, or lacks the tables, what has been handed out stays unsettled and the rest stays in its queue;
/// filing is tried again after growing waits. Filing twice makes one dead letter. What Postgres or an observer refuses for
/// itself is set aside in a table, and tried again from there: it holds up nothing else. What the broker gave up although
/// no process has died of it goes back to its queue.
package struct Keeper: FleetService {
    private let queues: [String]
    private let ladder: DelayLadder
    private let broker: any Broker
    private let store: DeadLetterStore
    private let observers: ObserverCalls
    private let tracker: any JobTracker
    private let gauges: DeadLetterGauges?
    private let metrics: Metrics?
    private let log: Log

    /// Bodies are kept in memory until they are filed, so few of each queue are handed out at a time.
    static let prefetch = 20
    /// How many of those set aside are tried at a time.
    private static let retryStep = 10

    /// - Parameters:
    ///   - observers: called with what was filed, before it is acknowledged.
    ///   - observerTimeout: how long an observer may take before what it was called with is set aside.
    ///   - metrics: where `flotilla_dlq_depth` and its like are shown; `nil` shows none.
    package init(
        topology: Topology,
        broker: any Broker,
        store: DeadLetterStore,
        observers: [any DeadLetterObserver] = [],
        tracker: any JobTracker = NoTracker(),
        metrics: Metrics? = nil,
        observerTimeout: Duration = .seconds(10),
        log: Log
    ) {
        queues = Self.queues(of: topology)
        ladder = topology.delay
        self.broker = broker
        self.store = store
        self.observers = ObserverCalls(
            observers,
            store,
            eventExchange: topology.events.name,
            timeout: observerTimeout
        )
        self.tracker = tracker
        self.metrics = metrics
        self.log = log
        gauges = metrics.map { DeadLetterGauges(topology: topology, broker: broker, store: store, metrics: $0) }
    }

    /// The dead-letter queues, and where retries are whose queue is gone.
    static func queues(of topology: Topology) -> [String] {
        topology.queues.map(\.deadLetterQueue) + [topology.delay.lost]
    }

    /// Runs until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { tasks in
            if let gauges { tasks.addTask { await gauges.run() } }
            tasks.addTask { await keep() }
            tasks.addTask { await retry() }
        }
    }

    private func keep() async {
        var backoff = KeeperBackoff()
        while !Task.isCancelled {
            do {
                let consumer = try await consumer(of: queues)
                await withTaskCancellationHandler {
                    await fileAll(from: consumer) { _ in }
                } onCancel: {
                    // Ends the stream of events; what is unsettled goes back to its queue.
                    Task { await consumer.close() }
                }
                return await consumer.close()
            } catch {
                log.warning("cannot consume the dead-letter queues; trying on", ["problem": .string("\(error)")])
                await backoff.wait()
            }
        }
    }

    func consumer(of queues: [String]) async throws -> any MessageConsumer {
        try await broker.consumer(
            named: "flotilla keeper",
            of: queues.map { Subscription(queue: $0, prefetch: Self.prefetch) }
        )
    }

    /// Settles what the consumer brings until its events end.
    ///
    /// - Parameter settled: called with how many were settled, each time.
    func fileAll(from consumer: any MessageConsumer, settled: (Int) -> Void) async {
        var returns = DeadLetterReturns(broker: broker, store: store, metrics: metrics, log: log)
        for await event in consumer.events {
            switch event {
            case .deliveries(let deliveries):
                guard await settle(deliveries, &returns) else { continue }
                consumer.settle(deliveries.map(\.token), as: .acknowledge)
                settled(deliveries.count)
            case .cancelled(let queue):
                log.warning(
                    "the broker ended the subscription to a dead-letter queue",
                    ["queue": .string(queue)]
                )
            case .connected, .disconnected: break
            }
        }
        await returns.close()
    }

    /// What is still to be done about the deliveries of one event.
    private struct Work {
        var toReturn: [Delivery]
        var toFile: [Delivery] = []
        var toTell: [Delivery] = []
    }

    /// Tries until each is filed and told of, set aside, or back in its queue; false when the task was cancelled first.
    private func settle(_ deliveries: [Delivery], _ returns: inout DeadLetterReturns) async -> Bool {
        var work = Work(toReturn: deliveries)
        var backoff = KeeperBackoff()
        var toldAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            do throws(PostgresError) {
                if !work.toReturn.isEmpty {
                    work.toFile = try await returns.giveBack(work.toReturn)
                    work.toReturn = []
                }
                try await file(&work)
                try await tell(&work)
                return true
            } catch {
                if Self.isDue(&toldAt) {
                    log.error(
                        "cannot file dead letters; they stay in their queues",
                        ["queue": .string(deliveries.first?.queue ?? ""), "problem": .string("\(error)")]
                    )
                }
                await backoff.wait()
            }
        }
        return false
    }

    /// Files all together, or one by one when one of them is refused.
    private func file(_ work: inout Work) async throws(PostgresError) {
        guard !work.toFile.isEmpty else { return }
        do throws(PostgresError) {
            try await file(work.toFile)
            work.toTell += work.toFile
            work.toFile = []
            return
        } catch {
            if error.concernsAll { throw error }
        }
        while let delivery = work.toFile.first {
            do throws(PostgresError) {
                try await file([delivery])
                work.toTell.append(delivery)
            } catch {
                if error.concernsAll { throw error }
                try await setAside(delivery, isFiled: false, "\(error)")
            }
            work.toFile.removeFirst()
        }
    }

    private func file(_ deliveries: [Delivery]) async throws(PostgresError) {
        let deadLetters = deliveries.map { DeadLetter($0, lostBy: ladder) }
        try await store.file(deadLetters)
        await note(deadLetters)
    }

    private func tell(_ work: inout Work) async throws(PostgresError) {
        let left = try await observers.tell(work.toTell.map { DeadLetter($0, lostBy: ladder) }, isRetry: false)
        for (place, problem) in left { try await setAside(work.toTell[place], isFiled: true, problem) }
        work.toTell = []
    }

    private func setAside(_ delivery: Delivery, isFiled: Bool, _ problem: String) async throws(PostgresError) {
        try await store.setAside([delivery], isFiled: isFiled, problem: problem)
        log.error(
            isFiled
                ? "a dead letter is filed, but an observer refused it; it is set aside and tried again"
                : "a dead letter can't be filed; it is set aside and tried again",
            [
                "queue": .string(delivery.queue), "message_id": .string(delivery.message.properties.messageID ?? ""),
                "problem": .string(problem),
            ]
        )
    }

    // MARK: What was set aside

    private func retry() async {
        var backoff = KeeperBackoff()
        var toldAt: ContinuousClock.Instant?
        while !Task.isCancelled {
            do throws(PostgresError) {
                let taken = try await retry(after: nil)
                backoff = KeeperBackoff()
                if let first = taken.unreadable.first, Self.isDue(&toldAt) {
                    log.error(
                        "dead letters that were set aside can't be tried again",
                        ["id": .string("\(first.id)"), "problem": .string(first.problem)]
                    )
                }
                if taken.count < Self.retryStep { try? await Task.sleep(for: .seconds(1)) }
            } catch {
                if !Task.isCancelled, Self.isDue(&toldAt) {
                    log.warning(
                        "cannot try the dead letters again that were set aside",
                        ["problem": .string("\(error)")]
                    )
                }
                await backoff.wait()
            }
        }
    }

    /// Whether something is to be told again: once a minute.
    private static func isDue(_ toldAt: inout ContinuousClock.Instant?) -> Bool {
        if let toldAt, .now - toldAt <= .seconds(60) { return false }
        toldAt = .now
        return true
    }

    /// Tries each of those set aside once.
    func retryAll() async throws(PostgresError) {
        var last: Int64 = 0
        while !Task.isCancelled {
            let taken = try await retry(after: last)
            if taken.count == 0 { return }
            last = taken.highest
        }
    }

    private func retry(after id: Int64?) async throws(PostgresError) -> TakenDeadLetters {
        let taken = try await store.takeUnsettled(after: id, limit: Self.retryStep)
        for letter in taken.unreadable {
            try await store.refusedAgain(letter.id, isFiled: letter.isFiled, problem: letter.problem)
        }
        for letter in taken.readable {
            var isFiled = letter.isFiled
            do throws(PostgresError) {
                if !isFiled {
                    try await file([letter.delivery])
                    isFiled = true
                }
                let left = try await observers.tell([DeadLetter(letter.delivery, lostBy: ladder)], isRetry: true)
                if let problem = left[0] {
                    try await store.refusedAgain(letter.id, isFiled: isFiled, problem: problem)
                } else {
                    try await store.settled(letter.id)
                }
            } catch {
                if error.concernsAll { throw error }
                try await store.refusedAgain(letter.id, isFiled: isFiled, problem: "\(error)")
            }
        }
        return taken
    }

    private func note(_ deadLetters: [DeadLetter]) async {
        gauges?.noteChange()
        for deadLetter in deadLetters {
            log.info(
                "filed a dead letter",
                correlationID: deadLetter.correlationID,
                [
                    "queue": .string(deadLetter.queue), "message_id": .string(deadLetter.messageID ?? ""),
                    "error_type": .string(deadLetter.failure.type), "fingerprint": .string(deadLetter.fingerprint),
                ]
            )
        }
        let changes = deadLetters.compactMap(\.jobEnd)
        if !changes.isEmpty { await tracker.record(changes) }
    }
}

extension PostgresError {
    /// Whether other dead letters would fare no better: they wait together.
    fileprivate var concernsAll: Bool { isOutage || isRetriable || isInstallationFault || code == .cancelled }
}
