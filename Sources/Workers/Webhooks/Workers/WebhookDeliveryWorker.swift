package import FlotillaModels
package import Workers

/// Makes deliveries of webhooks, one for each message.
package struct WebhookDeliveryWorker: Worker {
    package static let name = "webhooks"
    package static let events = [WebhookOutbox.queueEvent]

    private let delivery: WebhookDelivery

    init(_ delivery: WebhookDelivery) { self.delivery = delivery }

    package func handle(_ message: WebhookDeliveryMessage, in context: MessageContext) async throws -> Outcome {
        try await delivery.deliver(message, in: context)
    }
}
