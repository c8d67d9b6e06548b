import FlotillaModels

/// The queues of single notifications, apart from those of commands and events, and urgent ones apart from the rest.
enum DeliveryQueue {
    /// Of all of them.
    static let names = Set(
        [Channel.email, .sms].flatMap { channel in
            NotificationPriority.allCases.map { routingKey(channel: channel, priority: $0) }
        }
    )

    static func routingKey(channel: Channel, priority: NotificationPriority) -> String {
        "notification.\(event(channel: channel, priority: priority))"
    }

    /// The name of a queue without its service.
    static func event(channel: Channel, priority: NotificationPriority) -> String {
        "deliver.\(channel.rawValue)" + (priority == .high ? ".urgent" : "")
    }

    /// The message that delivers a notification.
    static func message(
        _ id: String,
        channel: Channel,
        priority: NotificationPriority,
        exchange: String
    ) -> OutgoingMessage {
        var message = Message(
            body: Array(JSONValue.members([.init(name: "notificationId", value: .string(id))]).json.utf8)
        )
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = id
        let key = routingKey(channel: channel, priority: priority)
        return OutgoingMessage(exchange: exchange, routingKey: key, message: message)
    }
}
