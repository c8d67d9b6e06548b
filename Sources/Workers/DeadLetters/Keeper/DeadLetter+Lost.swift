import FlotillaMessaging
import FlotillaModels

extension DeadLetter {
    /// Reads what lies in a dead-letter queue, or in the queue of retries that had no queue to come back to.
    ///
    /// The latter is a dead letter of the queue that it was on its way to.
    init(_ delivery: Delivery, lostBy ladder: DelayLadder) {
        guard delivery.queue == ladder.lost, let target = ladder.target(ofRoutingKey: delivery.routingKey) else {
            self.init(delivery)
            return
        }
        self.init(
            Delivery(
                message: delivery.message,
                queue: QueueName.deadLetter(of: target),
                exchange: delivery.exchange,
                routingKey: target,
                isRedelivered: delivery.isRedelivered,
                token: delivery.token
            )
        )
        failure = Failure(
            type: "queue_missing",
            message: "the queue for its retry does not exist; before: \(failure.message)",
            isPermanent: false
        )
        fingerprint = failure.fingerprint
    }
}
