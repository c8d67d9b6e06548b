package import FlotillaModels
package import FlotillaOutbound
import FlotillaPlatform
package import Workers

extension Dependency {
    /// Any of the mail providers.
    package static let email = Dependency("email")
    /// Any of the SMS providers.
    package static let sms = Dependency("sms")
}

/// Sends mails, one for each message.
package struct EmailDeliveryWorker: Worker {
    package static let name = "notifications"
    package static let events = NotificationPriority.allCases.map {
        DeliveryQueue.event(channel: .email, priority: $0)
    }
    package static let dependencies: Set<Dependency> = [.postgres, .email]

    private let delivery: NotificationDelivery
    private let providers: ProviderChain<MailMessage>
    private let sender: MailMessage.Mailbox
    private let identity: NotificationIdentity

    package init(
        _ delivery: NotificationDelivery,
        providers: ProviderChain<MailMessage>,
        sender: MailMessage.Mailbox,
        identity: NotificationIdentity
    ) {
        self.delivery = delivery
        self.providers = providers
        self.sender = sender
        self.identity = identity
    }

    package func handle(_ message: NotificationDeliveryMessage, in context: MessageContext) async throws -> Outcome {
        try await delivery.deliver(message, in: context, waitingFor: .email) { claimed, text in
            let mail = MailMessage(
                id: claimed.id,
                from: sender,
                to: .init(name: claimed.name, address: claimed.address),
                subject: text.subject,
                text: text.text,
                html: text.html,
                date: WallClock.microseconds(),
                attachments: claimed.attachments,
                unsubscribeURL: claimed.unsubscribeToken.map(identity.unsubscribeURL)
            )
            try mail.check()
            return await providers.send(mail, priority: claimed.priority)
        }
    }
}
