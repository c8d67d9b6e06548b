import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform

extension DeadLetter {
    /// Reads what lies in a dead-letter queue: what the fleet wrote into the headers, or else what the broker did.
    ///
    /// When it failed stays open when no header tells.
    init(_ delivery: Delivery) {
        let headers = delivery.message.headers
        let queue = QueueName.origin(ofDeadLetterQueue: delivery.queue) ?? delivery.queue
        let death = BrokerDeath(headers, queue: queue)
        self.queue = queue
        message = delivery.message
        exchange = headers[FleetHeader.originExchange]?.text ?? death?.exchange ?? delivery.exchange
        // What was put straight into the dead-letter queue is taken as if it had been sent straight to the queue.
        let ownKey = delivery.routingKey == delivery.queue ? queue : delivery.routingKey
        routingKey = headers[FleetHeader.originRoutingKey]?.text ?? death?.routingKey ?? ownKey
        event = delivery.message.properties.type ?? routingKey
        attempts = headers[FleetHeader.retryCount]?.count ?? headers["x-delivery-count"]?.count ?? 0
        let firstFailure = headers[FleetHeader.firstFailedAt]?.text.flatMap { EventTime.parse($0) }
        if let death {
            failure = death.failure
            fingerprint = failure.fingerprint
            worker = nil
            lastFailedAt = death.time
        } else {
            failure = Failure(
                type: headers[FleetHeader.errorType]?.text ?? "unknown",
                message: headers[FleetHeader.errorMessage]?.text ?? "no error was noted on the message",
                isPermanent: true
            )
            fingerprint = headers[FleetHeader.errorFingerprint]?.key ?? failure.fingerprint
            worker = headers[FleetHeader.failedWorker]?.text
            lastFailedAt = headers[FleetHeader.lastFailedAt]?.text.flatMap { EventTime.parse($0) }
        }
        firstFailedAt = firstFailure ?? lastFailedAt
        replayOf = headers[FleetHeader.replayOf]?.integer
        replayOperationID = headers[FleetHeader.replayOperationID]?.key
        isEdited = headers[FleetHeader.edited] != nil
    }

    /// The same for every copy of one message that died, different once it has been sent back and died anew.
    ///
    /// Messages without an id can't be distinguished, so each gets a key of its own: filed twice is better than lost.
    var filingKey: String {
        let id = messageID.map { Array($0.utf8) } ?? message.properties.malformed["message-id"]
        guard let id, !id.isEmpty else { return UUIDv7.make() }
        var hasher = SHA256Hasher()
        for part in [Array(queue.utf8), id, Array((replayOperationID ?? "").utf8)] {
            // With its length before it, no part runs into the next.
            hasher.update("\(part.count):")
            hasher.update(part)
        }
        hasher.update(message.body)
        return hasher.finish().hexadecimal
    }
}

extension FieldValue {
    /// A text that an index can hold; a longer one is none of ours, and Postgres would refuse the whole row for it.
    fileprivate var key: String? { text.flatMap { $0.utf8.count <= 255 ? $0 : nil } }
}
