package import FlotillaMessaging
package import FlotillaModels
import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Takes what lies in the dead-letter queues, files it in Postgres, and acknowledges after the commit.
///
/// While Postgres is out, what has been handed out stays unsettled and the rest stays in its queue; filing is tried
/// again after growing waits. Filing twice makes one dead letter. What an observer refuses is filed all the same, and
/// comes to the observer again later.
package struct Keeper: FleetService {
    private let queues: [String]
    private let eventExchange: String
    private let broker: any Broker
    private let store: DeadLetterStore
    private let observers: [any DeadLetterObserver]
    private let tracker: any JobTracker
    private let gauges: DeadLetterGauges?
    private let log: Log
    /// How long what could not be filed stays with the keeper before it goes back to its queue.
    private let refusalWait: Duration

    /// Bodies are kept in memory until they are filed, so few of each queue are handed out at a time.
    static let prefetch = 20
    /// How often an observer that fails in a way that may pass is called before its dead letters are set aside.
    private static let observationLimit = 3

    /// - Parameters:
    ///   - observers: called with what was filed, before it is acknowledged.
    ///   - metrics: where `flotilla_dlq_depth` and `flotilla_dlq_oldest_age_seconds` are shown; `nil` shows none.
    package init(
        topology: Topology,
        broker: any Broker,
        store: DeadLetterStore,
        observers: [any DeadLetterObserver] = [],
        tracker: any JobTracker = NoTracker(),
        metrics: Metrics? = nil,
        refusalWait: Duration = .seconds(60),
        log: Log
    ) {
        queues = topology.queues.map(\.deadLetterQueue)
        eventExchange = topology.events.name
        self.broker = broker
        self.store = store
        self.observers = observers
        self.tracker = tracker
        self.log = log
        self.refusalWait = refusalWait
        gauges = metrics.map { DeadLetterGauges(topology: topology, broker: broker, store: store, metrics: $0) }
    }

    /// Runs until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { tasks in
            if let gauges { tasks.addTask { await gauges.run() } }
            tasks.addTask { await keep() }
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

    /// Files what the consumer brings until its events end. What could not be filed goes back to its queue after a while.
    ///
    /// - Parameter filed: called with how many were filed, each time.
    func fileAll(from consumer: any MessageConsumer, filed: (Int) -> Void) async {
        await withDiscardingTaskGroup { tasks in
            for await event in consumer.events {
                switch event {
                case .deliveries(let deliveries):
                    let done = await file(deliveries).map(\.token)
                    if !done.isEmpty {
                        consumer.settle(done, as: .acknowledge)
                        filed(done.count)
                    }
                    let left = Set(deliveries.map(\.token)).subtracting(done)
                    guard !left.isEmpty else { continue }
                    tasks.addTask {
                        guard (try? await Task.sleep(for: refusalWait)) != nil else { return }
                        consumer.settle(Array(left), as: .requeue)
                    }
                case .cancelled(let queue):
                    log.warning(
                        "the broker ended the subscription to a dead-letter queue",
                        ["queue": .string(queue)]
                    )
                case .connected, .disconnected: break
                }
            }
            tasks.cancelAll()
        }
    }

    /// Tries until it is done or the task is cancelled; returns what is to be acknowledged: filed, and with all observers
    /// done.
    ///
    /// What Postgres or an observer refuses is tried alone, and is left out when it is refused again. Only an outage of
    /// Postgres holds everything back.
    private func file(_ deliveries: [Delivery], isFiled: Bool = false) async -> [Delivery] {
        let deadLetters = deliveries.map { DeadLetter($0) }
        var (isFiled, observations) = (isFiled, 0)
        var backoff = KeeperBackoff()
        while !Task.isCancelled {
            do {
                if !isFiled {
                    try await store.file(deadLetters)
                    await note(deadLetters)
                    isFiled = true
                }
                observations += 1
                try await store.tell(observers, of: deadLetters, eventExchange: eventExchange)
                return deliveries
            } catch {
                log.error(
                    isFiled
                        ? "dead letters are filed, but an observer failed; they stay in their queues"
                        : "cannot file dead letters; they stay in their queues",
                    [
                        "count": .integer(deadLetters.count), "queue": .string(deadLetters.first?.queue ?? ""),
                        "problem": .string("\(error)"),
                    ]
                )
                await backoff.wait()
                if error.isOutage || error.code == .cancelled { continue }
                if error.isRetriable, observations < Self.observationLimit { continue }
                guard deliveries.count > 1 else { return [] }
                var filed: [Delivery] = []
                for delivery in deliveries { filed += await file([delivery], isFiled: isFiled) }
                return filed
            }
        }
        return []
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
