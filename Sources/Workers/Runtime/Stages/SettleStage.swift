import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// The last stages of the pipeline: normalise what a handler answered, settle the delivery, report.
///
/// A retry or a dead letter is published with a confirm before the original is acknowledged, so nothing is lost in
/// between; a crash there makes a duplicate, which the inbox absorbs.
struct SettleStage: Sendable {
    let queue: QueueDefinition
    let consumer: any MessageConsumer
    let runtime: RuntimeServices
    let metrics: QueueMetrics
    let hold: InstallationHold
    let slow = SlowMessages()

    /// - Parameters:
    ///   - batchSize: how many ran together.
    ///   - putBack: takes the deliveries that have to wait for a dependency, to be run again first.
    func settle(
        _ messages: [InboundMessage],
        _ results: [Result<Outcome, any Error>],
        batchSize: Int,
        putBack: ([Delivery]) -> Void
    ) async {
        var done: [InboundMessage] = []
        var held: [Delivery] = []
        var outage: (dependency: Dependency, reason: String)?
        var fault: InstallationFault?
        var slowness = Slowness()
        done.reserveCapacity(messages.count)
        for (message, result) in zip(messages, results) {
            if case .success(.done) = result {
                done.append(message)
                continue
            }
            if case .failure(let error) = result, let work = SlowWork(error) {
                guard await pays(message, work, error, &slowness) else { continue }
            } else if batchSize > 1, case .failure(let error as TimeLimitExceeded) = result {
                // It may be another's doing: the batch is halved until the one at fault stands alone.
                slow.limitBatch(of: message.identity, to: batchSize / 2)
                slowness.halved.append(message.delivery)
                slowness.lastTimeout = error
                continue
            }
            var policy = queue.retry
            policy.attempts = message.maxAttempts
            let disposition = Disposition(
                result,
                attempt: message.attempt,
                policy: policy,
                chance: .random(in: -1...1)
            )
            switch disposition {
            case .acknowledge: done.append(message)
            case .cancelled: await acknowledge(cancelled: message)
            case .retry(let delay, let failure): await retry(message, after: delay, failure)
            case .deadLetter(let failure):
                await deadLetter(message.delivery, messageID: message.messageID, failure, failures: message.attempt)
                slow.forget([message])
                await end(message, failure)
            case .snooze(let delay): await snooze(message, for: delay)
            case .hold(let dependency, let reason):
                held.append(message.delivery)
                outage = (dependency, reason)
            case .holdQueue(let found):
                held.append(message.delivery)
                fault = found
            }
        }
        await acknowledge(done)
        // Before the messages are there again, so that no slot takes them at once.
        if let fault { hold.record(fault) }
        if slowness.hasAny { await settle(slowness, putBack: putBack) }
        guard !held.isEmpty else { return }
        putBack(held)
        guard let outage else { return }
        runtime.breakers.recordOutage(of: outage.dependency, reason: outage.reason)
        try? await Task.sleep(for: .milliseconds(50))
    }

    /// Acknowledges what is done, once the ends of jobs are on record.
    private func acknowledge(_ messages: [InboundMessage]) async {
        guard !messages.isEmpty else { return }
        guard await runtime.record(JobEnd.succeeded(messages.compactMap(\.job)), in: queue.name, hold) else { return }
        consumer.settle(messages.map(\.delivery.token), as: .acknowledge)
        slow.forget(messages)
        metrics.completed.increment(by: messages.count)
        for message in messages where isTracked(message) { await track(message, .succeeded, nil) }
        if let last = messages.last, let sent = last.original.properties.time {
            metrics.latency.observe(max(0, Double(last.receivedAt) - Double(sent)) / 1e6, times: messages.count)
        }
    }

    /// Acknowledges a job that was cancelled while it ran.
    private func acknowledge(cancelled message: InboundMessage) async {
        guard let job = message.job, await runtime.record([job.cancelled], in: queue.name, hold) else { return }
        consumer.settle(message.delivery.token, as: .acknowledge)
        slow.forget([message])
        metrics.cancelled.increment()
        await track(message, .cancelled, nil)
    }

    /// Jobs always leave a live state; events from their first failure on, or as the queue asks.
    func isTracked(_ message: InboundMessage) -> Bool {
        message.job != nil || message.attempt > 1 || queue.track == .all
    }

    private func retry(_ message: InboundMessage, after delay: Duration, _ failure: Failure) async {
        let failed = failedDelivery(message.delivery, message.messageID, failure, message.attempt)
        let retried = failed.retried(after: delay, by: runtime.topology.delay)
        let copy = WaitingCopy(message.delivery, "retry", message.messageID, message.attempt, delay)
        guard await publish(retried, orKeep: copy) else { return }
        consumer.settle(message.delivery.token, as: .acknowledge)
        metrics.retried.increment()
        runtime.log.warning(
            "failed; will be tried again",
            correlationID: message.correlationID,
            [
                "queue": .string(queue.name), "message_id": .string(message.messageID),
                "attempt": .integer(message.attempt), "of": .integer(message.maxAttempts),
                "delay_ms": .integer(Int(delay.milliseconds)), "error_type": .string(failure.type),
                "error": .string(failure.message),
            ]
        )
        if let job = message.job { try? await runtime.effects.execute([job.retrying]) }
        await track(message, .retrying, failure)
    }

    /// - Returns: whether the dead-letter queue has it, or Postgres until then; false when the process is ending, or the
    ///   connection of the delivery is lost.
    @discardableResult
    func deadLetter(_ delivery: Delivery, messageID: String, _ failure: Failure, failures: Int) async -> Bool {
        let failed = failedDelivery(delivery, messageID, failure, failures)
        let copy = WaitingCopy(delivery, "dead", messageID, failures, nil)
        guard await publish(failed.deadLettered(), orKeep: copy) else { return false }
        consumer.settle(delivery.token, as: .acknowledge)
        metrics.deadLettered.increment()
        runtime.log.error(
            "dead-lettered",
            correlationID: delivery.message.properties.correlationID,
            [
                "queue": .string(queue.name), "message_id": .string(messageID), "attempts": .integer(failures),
                "error_type": .string(failure.type), "error": .string(failure.message),
                "fingerprint": .string(failure.fingerprint),
            ]
        )
        return true
    }

    /// Records a dead job at once; should Postgres be out, the keeper records it when it files the dead letter.
    private func end(_ message: InboundMessage, _ failure: Failure) async {
        if let job = message.job { try? await runtime.effects.execute([job.dead(failure)]) }
        await track(message, .dead, failure)
    }

    func snooze(_ message: InboundMessage, for delay: Duration) async {
        let returning = SnoozedDelivery.returning(
            message.delivery,
            messageID: message.messageID,
            after: delay,
            by: runtime.topology.delay
        )
        let copy = WaitingCopy(message.delivery, "snooze", message.messageID, message.attempt, delay)
        guard await publish(returning, orKeep: copy) else { return }
        consumer.settle(message.delivery.token, as: .acknowledge)
        metrics.snoozed.increment()
    }

    /// How long publishing is tried before the message is kept in Postgres.
    private static let publishTimeout = Duration.seconds(1.5)

    /// Publishes until the broker has confirmed it, or the process ends; the original stays unsettled meanwhile.
    ///
    /// After a short while it goes to Postgres instead, so that it does not hold its slot: once it is committed there, the
    /// original may be acknowledged. Only without Postgres it is tried on here.
    /// What can't be carried whole goes with fewer headers: tried on as it is, it would hold its slot for ever.
    private func publish(_ whole: OutgoingMessage, orKeep copy: WaitingCopy) async -> Bool {
        var message = whole
        var budget = 65_536
        var wait = Duration.milliseconds(100)
        let start = ContinuousClock.now
        while true {
            let result = await tryToPublish(message)
            if result.isConfirmed { return true }
            if Task.isCancelled { return false }
            if case .uncarriable = result, budget > 0 {
                message.message = Republication.reduced(whole.message, to: budget)
                budget /= 4
                continue
            }
            if .now - start >= Self.publishTimeout {
                // What belongs to a lost connection comes again by itself.
                guard consumer.holds(copy.delivery.token) else { return false }
                if await keep(message, copy, since: result) { return true }
            }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(5))
        }
    }

    /// A publisher without a connection, or under an alarm of the broker, would only wait.
    private func tryToPublish(_ message: OutgoingMessage) async -> PublishResult {
        switch runtime.publisher.condition {
        case .connected: await runtime.publisher.publish([message])[0]
        case .blocked(let reason), .disconnected(let reason): .unconfirmed(reason: reason)
        }
    }

    private func keep(_ message: OutgoingMessage, _ copy: WaitingCopy, since result: PublishResult) async -> Bool {
        var kept = message
        // It waits in Postgres, not on the ladder.
        if copy.delay != nil { (kept.exchange, kept.routingKey) = ("", queue.name) }
        do {
            try await runtime.effects.keep(kept, after: copy.delay, for: queue.name, key: copy.key(in: queue.name))
            runtime.log.warning(
                "cannot publish a retry or a dead letter; it waits in Postgres",
                [
                    "queue": .string(queue.name), "message_id": .string(copy.messageID),
                    "to": .string(message.routingKey), "problem": .string("\(result)"),
                ]
            )
            return true
        } catch {
            runtime.log.warning(
                "cannot publish a retry or a dead letter, nor keep it in Postgres; trying on",
                [
                    "queue": .string(queue.name), "to": .string(message.routingKey), "problem": .string("\(result)"),
                    "postgres": .string("\(error)"),
                ]
            )
            return false
        }
    }

    private func failedDelivery(
        _ delivery: Delivery,
        _ messageID: String,
        _ failure: Failure,
        _ failures: Int
    ) -> FailedDelivery {
        FailedDelivery(
            delivery: delivery,
            messageID: messageID,
            failure: failure,
            failures: failures,
            maxAttempts: queue.retry.attempts,
            worker: runtime.processName,
            failedAt: WallClock.iso8601()
        )
    }

    private func track(_ message: InboundMessage, _ state: JobState, _ failure: Failure?) async {
        let error = failure.map { "\($0.type): \($0.message)" }
        await runtime.tracker.record([message.change(to: state, by: runtime.processName, error: error)])
    }
}

/// What is kept in Postgres while it can't be published.
private struct WaitingCopy {
    let delivery: Delivery
    let kind: String
    let messageID: String
    let attempt: Int
    /// How long it stays away from its queue; `nil` for a dead letter.
    let delay: Duration?

    init(_ delivery: Delivery, _ kind: String, _ messageID: String, _ attempt: Int, _ delay: Duration?) {
        self.delivery = delivery
        self.kind = kind
        self.messageID = messageID
        self.attempt = attempt
        self.delay = delay
    }

    /// The same for a copy that comes again since the original was not acknowledged in time: it is kept once. Messages of
    /// one id are different ones where their senders or bodies are.
    func key(in queue: String) -> String {
        let properties = delivery.message.properties
        var hasher = SHA256Hasher()
        for part in [queue, kind, String(attempt), messageID, properties.userID ?? "", properties.appID ?? ""] {
            hasher.update("\(part.utf8.count):\(part)")
        }
        hasher.update(delivery.message.body)
        return hasher.finish().hexadecimal
    }
}

extension InboundMessage {
    /// The job, or from the first failure on the event's delivery, in a new state.
    func change(
        to state: JobState,
        by worker: String,
        progress: Int? = nil,
        note: String? = nil,
        error: String? = nil
    ) -> JobStateChange {
        JobStateChange(
            jobID: job?.id ?? messageID,
            attempt: attempt,
            state: state,
            progress: progress,
            progressMessage: note,
            worker: worker,
            lastError: error,
            at: WallClock.microseconds()
        )
    }

    var subject: Execution.Subject {
        Execution.Subject(
            event: event,
            messageID: messageID,
            correlationID: correlationID,
            jobID: job?.id,
            traceParent: original.headers[FleetHeader.traceParent]?.text,
            attempt: attempt
        )
    }
}
