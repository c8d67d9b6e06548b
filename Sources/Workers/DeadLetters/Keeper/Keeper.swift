package import FlotillaMessaging
package import FlotillaModels
import FlotillaStorage
package import FlotillaTelemetry
package import Workers

/// Takes what lies in the dead-letter queues, files it in Postgres, and acknowledges after the commit.
///
/// While Postgres is out, what has been handed out stays unsettled and the rest stays in its queue; filing is tried
/// again after growing waits. Filing twice makes one dead letter.
package struct Keeper: FleetService {
    private let queues: [String]
    private let eventExchange: String
    private let broker: any Broker
    private let store: DeadLetterStore
    private let observers: [any DeadLetterObserver]
    private let tracker: any JobTracker
    private let gauges: DeadLetterGauges?
    private let log: Log

    /// Bodies are kept in memory until they are filed, so few of each queue are handed out at a time.
    static let prefetch = 20

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
        log: Log
    ) {
        queues = topology.queues.map(\.deadLetterQueue)
        eventExchange = topology.events.name
        self.broker = broker
        self.store = store
        self.observers = observers
        self.tracker = tracker
        self.log = log
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

    /// Files what the consumer brings until its events end.
    ///
    /// - Parameter filed: called with how many were filed, each time.
    func fileAll(from consumer: any MessageConsumer, filed: (Int) -> Void) async {
        for await event in consumer.events {
            switch event {
            case .deliveries(let deliveries):
                let done = await file(deliveries)
                guard !done.isEmpty else { continue }
                consumer.settle(done.map(\.token), as: .acknowledge)
                filed(done.count)
            case .cancelled(let queue):
                log.warning("the broker ended the subscription to a dead-letter queue", ["queue": .string(queue)])
            case .connected, .disconnected: break
            }
        }
    }

    /// Tries until it is done or the task is cancelled; returns what has been filed.
    ///
    /// What Postgres refuses for itself is tried alone, and stays unsettled when it is refused again.
    private func file(_ deliveries: [Delivery]) async -> [Delivery] {
        let deadLetters = deliveries.map { DeadLetter($0) }
        var backoff = KeeperBackoff()
        while !Task.isCancelled {
            do {
                try await store.file(deadLetters)
                try await store.tell(observers, of: deadLetters, eventExchange: eventExchange)
                await note(deadLetters)
                return deliveries
            } catch {
                log.error(
                    "cannot file dead letters; they stay in their queues",
                    [
                        "count": .integer(deadLetters.count), "queue": .string(deadLetters.first?.queue ?? ""),
                        "problem": .string("\(error)"),
                    ]
                )
                await backoff.wait()
                guard !error.isRetriable, error.code != .cancelled else { continue }
                guard deliveries.count > 1 else { return [] }
                var filed: [Delivery] = []
                for delivery in deliveries { filed += await file([delivery]) }
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
