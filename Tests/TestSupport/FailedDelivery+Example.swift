package import FlotillaMessaging
package import FlotillaModels

extension Delivery {
    /// A message as a queue brings it.
    package static func example(_ message: Message, from queue: String) -> Delivery {
        Delivery(
            message: message,
            queue: queue,
            exchange: "",
            routingKey: queue,
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
    }
}

extension FailedDelivery {
    /// A message of the queue `a.b`, which allows three executions, after the second has failed.
    package static func example(_ message: Message) -> FailedDelivery {
        FailedDelivery(
            delivery: .example(message, from: "a.b"),
            messageID: "m",
            failure: Failure(type: "timeout", message: "slow", isPermanent: false),
            failures: 2,
            maxAttempts: 3,
            worker: "w",
            failedAt: "2026-01-30T03:00:00.000Z"
        )
    }
}
