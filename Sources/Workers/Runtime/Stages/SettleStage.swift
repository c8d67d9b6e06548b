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

    /// - Parameter putBack: takes the deliveries that have to wait for a dependency, to be run again first.
    func settle(
        _ messages: [InboundMessage],
        _ results: [Result<Outcome, any Error>],
        putBack: ([Delivery]) -> Void
    ) async {
        var done: [InboundMessage] = []
        var held: [Delivery] = []
        var outage: (dependency: Dependency, reason: String)?
        done.reserveCapacity(messages.count)
        for (message, result) in zip(messages, results) {
            if case .success(.done) = result {
                done.append(message)
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
            case .retry(let delay, let failure): await retry(message, after: delay, failure)
            case .deadLetter(let failure):
                await deadLetter(message.delivery, messageID: message.messageID, failure, failures: message.attempt)
                await end(message, failure)
            case .snooze(let delay): await snooze(message, for: delay)
            case .hold(let dependency, let reason):
                held.append(message.delivery)
                outage = (dependency, reason)
            }
        }
        await acknowledge(done)
        guard let outage else { return }
        putBack(held)
        runtime.breakers.recordOutage(of: outage.dependency, reason: outage.reason)
        try? await Task.sleep(for: .milliseconds(50))
    }

    /// Acknowledges what is done, once the ends of jobs are on record.
    private func acknowledge(_ messages: [InboundMessage]) async {
        guard !messages.isEmpty else { return }
        guard await runtime.record(JobEnd.succeeded(messages.compactMap(\.job)), in: queue.name) else { return }
        consumer.settle(messages.map(\.delivery.token), as: .acknowledge)
        metrics.completed.increment(by: messages.count)
        for message in messages where isTracked(message) { await track(message, .succeeded, nil) }
        if let last = messages.last, let sent = last.original.properties.time {
            metrics.latency.observe(max(0, Double(last.receivedAt) - Double(sent)) / 1e6, times: messages.count)
        }
    }

    /// Jobs always leave a live state; events from their first failure on, or as the queue asks.
    func isTracked(_ message: InboundMessage) -> Bool {
        message.job != nil || message.attempt > 1 || queue.track == .all
    }

    private func retry(_ message: InboundMessage, after delay: Duration, _ failure: Failure) async {
        let failed = failedDelivery(message.delivery, message.messageID, failure, message.attempt)
        guard await publish(failed.retried(after: delay, by: runtime.topology.delay)) else { return }
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

    /// - Returns: whether the dead-letter queue has it; false only when the process is ending.
    @discardableResult
    func deadLetter(_ delivery: Delivery, messageID: String, _ failure: Failure, failures: Int) async -> Bool {
        let failed = failedDelivery(delivery, messageID, failure, failures)
        guard await publish(failed.deadLettered()) else { return false }
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

    private func snooze(_ message: InboundMessage, for delay: Duration) async {
        let returning = SnoozedDelivery.returning(
            message.delivery,
            messageID: message.messageID,
            after: delay,
            by: runtime.topology.delay
        )
        guard await publish(returning) else { return }
        consumer.settle(message.delivery.token, as: .acknowledge)
        metrics.snoozed.increment()
    }

    /// Publishes until the broker has confirmed it, or the process ends; the original stays unsettled meanwhile.
    ///
    /// What can't be carried whole goes with fewer headers: tried on as it is, it would hold its slot for ever.
    private func publish(_ whole: OutgoingMessage) async -> Bool {
        var message = whole
        var budget = 65_536
        var wait = Duration.milliseconds(100)
        while true {
            let result = await runtime.publisher.publish([message])[0]
            if result.isConfirmed { return true }
            if Task.isCancelled { return false }
            runtime.log.warning(
                "cannot publish a retry or a dead letter; trying on",
                ["queue": .string(queue.name), "to": .string(message.routingKey), "problem": .string("\(result)")]
            )
            if case .uncarriable = result, budget > 0 {
                message.message = Republication.reduced(whole.message, to: budget)
                budget /= 4
                continue
            }
            try? await Task.sleep(for: wait)
            wait = min(wait * 2, .seconds(5))
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
