package import FlotillaModels

/// Makes, of a delivery and why it failed, the message that waits on the delay ladder or lies in the dead-letter queue.
package struct FailedDelivery: Sendable {
    package let delivery: Delivery
    /// The idempotency key, given by the fleet when the publisher gave none.
    package let messageID: String
    package let failure: Failure
    /// Failed executions so far, this one included.
    package let failures: Int
    /// Of the queue's policy. A job is not told of it: on its message `retry-max` is the job's own number, or absent.
    package let maxAttempts: Int
    package let worker: String
    /// ISO 8601 in UTC; also the first failure when no earlier one is on record.
    package let failedAt: String

    package init(
        delivery: Delivery,
        messageID: String,
        failure: Failure,
        failures: Int,
        maxAttempts: Int,
        worker: String,
        failedAt: String
    ) {
        self.delivery = delivery
        self.messageID = messageID
        self.failure = failure
        self.failures = failures
        self.maxAttempts = maxAttempts
        self.worker = worker
        self.failedAt = failedAt
    }

    /// For the ladder: it comes back to its queue after `delay`.
    package func retried(after delay: Duration, by ladder: DelayLadder) -> OutgoingMessage {
        OutgoingMessage(
            exchange: ladder.entryExchange,
            routingKey: ladder.routingKey(for: delay, to: delivery.queue),
            message: annotated()
        )
    }

    /// For the dead-letter queue.
    package func deadLettered() -> OutgoingMessage {
        OutgoingMessage(exchange: "", routingKey: QueueName.deadLetter(of: delivery.queue), message: annotated())
    }

    private func annotated() -> Message {
        var message = Republication.prepare(delivery.message)
        if message.properties.malformed["message-id"] == nil { message.properties.messageID = messageID }
        message.headers[FleetHeader.retryCount] = .int32(Int32(clamping: failures))
        if message.headers[FleetHeader.jobID]?.text == nil {
            message.headers[FleetHeader.retryMax] = .int32(Int32(clamping: maxAttempts))
        }
        if message.headers[FleetHeader.firstFailedAt] == nil {
            message.headers[FleetHeader.firstFailedAt] = .string(failedAt)
        }
        message.headers[FleetHeader.lastFailedAt] = .string(failedAt)
        message.headers[FleetHeader.errorType] = .string(failure.type.clipped(to: 255))
        message.headers[FleetHeader.errorMessage] = .string(failure.message.clipped(to: 2_000))
        message.headers[FleetHeader.errorFingerprint] = .string(failure.fingerprint)
        message.headers[FleetHeader.failedWorker] = .string(worker)
        message.noteOrigin(of: delivery)
        return message
    }
}

extension String {
    /// The beginning, at most so many bytes of it: what looks like one character can be of any size.
    fileprivate func clipped(to limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}

extension Message {
    /// Where it was first published to and which queue it belongs to, noted once.
    mutating func noteOrigin(of delivery: Delivery) {
        guard headers[FleetHeader.originQueue] == nil else { return }
        headers[FleetHeader.originExchange] = .string(delivery.exchange)
        headers[FleetHeader.originRoutingKey] = .string(delivery.routingKey)
        headers[FleetHeader.originQueue] = .string(delivery.queue)
    }
}
