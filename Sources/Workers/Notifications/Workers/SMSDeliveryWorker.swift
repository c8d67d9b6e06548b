package import FlotillaModels
package import Workers

/// Sends text messages, one for each message.
package struct SMSDeliveryWorker: Worker {
    package static let name = "notifications"
    package static let events = NotificationPriority.allCases.map {
        DeliveryQueue.event(channel: .sms, priority: $0)
    }
    package static let dependencies: Set<Dependency> = [.postgres, .sms]

    private let delivery: NotificationDelivery
    private let providers: ProviderChain<TextMessage>
    private let sender: String?

    package init(_ delivery: NotificationDelivery, providers: ProviderChain<TextMessage>, sender: String?) {
        self.delivery = delivery
        self.providers = providers
        self.sender = sender
    }

    package func handle(_ message: NotificationDeliveryMessage, in context: MessageContext) async throws -> Outcome {
        try await delivery.deliver(message, in: context, waitingFor: .sms) { claimed, text in
            let message = TextMessage(id: claimed.id, to: claimed.address, body: text.short, from: sender)
            try message.check()
            return await providers.send(message, priority: claimed.priority)
        }
    }
}
