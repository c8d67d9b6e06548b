import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry

/// The queues of one worker on one broker connection: hands deliveries to their queues, and watches over them.
struct WorkerGroup: Sendable {
    let worker: String
    let consumer: any MessageConsumer
    let runners: [String: QueueRunner]
    let suspects: CrashSuspects
    let breakers: Breakers
    let log: Log
    let subscriptions: QueueSubscriptions

    /// How long deliveries are held for a dependency before they go back to the broker. It stays well under the
    /// broker's `consumer_timeout` of 30 minutes.
    private static let holdLimit = Duration.seconds(600)
    /// How long a breaker is open before its queues are no longer subscribed to, so that no blip costs a consumer.
    private static let grace = Duration.seconds(1)

    /// Distributes what arrives until the consumer is closed.
    func dispatch() async {
        for await event in consumer.events {
            switch event {
            case .deliveries(let deliveries): await distribute(deliveries)
            case .connected(let epoch):
                subscriptions.noteConnection(true)
                for runner in runners.values { runner.buffer.discard(before: epoch) }
            case .disconnected(let reason):
                for runner in runners.values { _ = runner.buffer.takeAll() }
                subscriptions.noteConnection(false)
                // Before the broker is there again: what it gives out while it can't be handled, it counts.
                await adjustSubscriptions()
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

    /// Enforces time limits until the task is cancelled.
    func watch() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(200))
            let now = ContinuousClock.now
            for runner in runners.values { runner.enforceTimeLimits(now) }
        }
    }

    /// Keeps held queues from being subscribed to, and enforces the hold limit, until the task is cancelled.
    func watchSubscriptions() async {
        var returnedAt: [String: ContinuousClock.Instant] = [:]
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(200))
            await adjustSubscriptions()
            let now = ContinuousClock.now
            for (name, runner) in runners {
                guard let since = heldSince(runner) else {
                    returnedAt[name] = nil
                    continue
                }
                // What is held must not keep the connection's other queues from theirs. While it is subscribed to, the
                // broker would give out the same again at once, and count it.
                let isInTheWay =
                    consumer.isStalled && runner.buffer.count > 0 && subscriptions.applied(to: name) == .none
                guard isInTheWay || now - (returnedAt[name] ?? since) > Self.holdLimit else { continue }
                returnedAt[name] = now
                consumer.settle(runner.buffer.takeAll().map(\.token), as: .requeue)
            }
        }
    }

    private func heldSince(_ runner: QueueRunner) -> ContinuousClock.Instant? {
        let openSince = runner.handler.dependencies.compactMap(breakers.openSince).min()
        guard let heldSince = runner.hold.heldSince else { return openSince }
        return openSince.map { min($0, heldSince) } ?? heldSince
    }

    private func adjustSubscriptions() async {
        for (name, runner) in runners { await subscriptions.adjust(name) { wanted(runner) } }
    }

    private func wanted(_ runner: QueueRunner) -> QueueSubscriptions.Extent {
        if let openSince = runner.handler.dependencies.compactMap(breakers.openSince).min() {
            let applied = subscriptions.applied(to: runner.queue.name)
            let isBlip = subscriptions.isConnected && .now - openSince < Self.grace
            return isBlip ? applied : .none
        }
        guard runner.hold.isHeld else { return .all }
        return runner.hold.seeksMessage && runner.buffer.count == 0 ? .one : .none
    }

    /// Stops the deliveries of a queue; what waits here goes back to the broker.
    func pause(_ runner: QueueRunner) async {
        await subscriptions.pause(runner.queue.name) { wanted(runner) }
        consumer.settle(runner.buffer.takeAll().map(\.token), as: .requeue)
    }

    func resume(_ runner: QueueRunner) async {
        await subscriptions.resume(runner.queue.name) { wanted(runner) }
    }

    /// Stops deliveries, and returns what never ran.
    func stopTaking() async {
        await subscriptions.stop()
        for runner in runners.values {
            consumer.settle(runner.buffer.close().map(\.token), as: .requeue)
            runner.hold.release()
        }
        // Their buffers are closed: what waits for a permit has nothing to execute any more.
        for runner in runners.values { runner.permits?.close() }
    }

    /// Waits no longer for handlers that ignore their cancellation.
    func giveUp() {
        for runner in runners.values { runner.giveUp() }
    }

    func interrupt() {
        for runner in runners.values { runner.interrupt() }
    }
}
