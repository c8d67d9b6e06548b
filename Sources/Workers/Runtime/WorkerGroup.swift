import FlotillaMessaging
import FlotillaTelemetry

/// The queues of one worker on one broker connection: hands deliveries to their queues, and watches over them.
struct WorkerGroup: Sendable {
    let worker: String
    let consumer: any MessageConsumer
    let runners: [String: QueueRunner]
    let suspects: CrashSuspects
    let breakers: Breakers
    let log: Log

    /// How long deliveries are held for a dependency before they go back to the broker. It stays well under the
    /// broker's `consumer_timeout` of 30 minutes.
    private static let holdLimit = Duration.seconds(600)

    /// Distributes what arrives until the consumer is closed.
    func dispatch() async {
        for await event in consumer.events {
            switch event {
            case .deliveries(let deliveries): await distribute(deliveries)
            case .connected(let epoch):
                for runner in runners.values { runner.buffer.discard(before: epoch) }
            case .disconnected(let reason):
                for runner in runners.values { _ = runner.buffer.takeAll() }
                log.warning(
                    "connection to the broker lost",
                    ["worker": .string(worker), "reason": .string(reason)]
                )
            case .cancelled(let queue):
                log.error(
                    "the broker ended the subscription; is the queue deleted? trying to resume it",
                    ["worker": .string(worker), "queue": .string(queue)]
                )
            }
        }
    }

    private func distribute(_ deliveries: [Delivery]) async {
        let redelivered = deliveries.filter(\.isRedelivered)
        if !redelivered.isEmpty {
            await suspects.consult(redelivered.map { MessageIdentity(queue: $0.queue, message: $0.message) })
        }
        guard let first = deliveries.first, deliveries.contains(where: { $0.queue != first.queue }) else {
            deliveries.first.map { runners[$0.queue]?.buffer.append(deliveries) }
            return
        }
        for (queue, part) in Dictionary(grouping: deliveries, by: \.queue) { runners[queue]?.buffer.append(part) }
    }

    /// Enforces time limits and the hold limit until the task is cancelled.
    func watch() async {
        var returned: Set<String> = []
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(200))
            let now = ContinuousClock.now
            for (name, runner) in runners {
                runner.enforceTimeLimits(now)
                let openSince = runner.handler.dependencies.compactMap(breakers.openSince).min()
                if let openSince, now - openSince > Self.holdLimit, returned.insert(name).inserted {
                    await consumer.pause(name)
                    consumer.settle(runner.buffer.takeAll().map(\.token), as: .requeue)
                } else if openSince == nil, returned.remove(name) != nil {
                    await consumer.resume(name)
                }
            }
        }
    }

    /// Stops deliveries, and returns what never ran.
    func stopTaking() async {
        await consumer.stopDeliveries()
        for runner in runners.values { consumer.settle(runner.buffer.close().map(\.token), as: .requeue) }
    }

    /// Waits no longer for handlers that ignore their cancellation.
    func giveUp() {
        for runner in runners.values { runner.giveUp() }
    }

    func interrupt() {
        for runner in runners.values { runner.interrupt() }
    }
}
