import FlotillaModels
import FlotillaModules

/// Commands from other services, and what the fleet publishes of notifications.
extension NotificationMessages {
    static var commands: [MessageDescription] {
        Channel.allCases.map { channel in
            MessageDescription(
                "notification.\(channel.rawValue)",
                [.job],
                from: "any service",
                "Notify people by \(channel.rawValue). Template and recipient are given.",
                fields: commandFields,
                isOpen: false,
                example: NotificationCommand.example(channel),
                check: MessageDescription.reading(NotificationCommand.self)
            )
        }
    }

    static let commandFields: [PayloadField] = [
        PayloadField(
            "to",
            is: .either([
                .string(atLeast: 1, atMost: 320), recipient,
                .list(
                    .either([.string(atLeast: 1, atMost: 320), recipient]),
                    count: 1...NotificationCommand.largestList
                ),
            ]),
            "An address, a number, a user's id; an object that says which; or a list of these."
        ).required,
        PayloadField(
            "template",
            is: .string(atMost: 200),
            "One of the templates in the folder of templates."
        ).required,
        PayloadField("data", is: .object([], isOpen: true), "What the template shows."),
        PayloadField("options", is: options, "When, how urgent, and in which language."),
    ]

    private static let recipient = PayloadShape.object(
        [
            PayloadField("email", is: .identifier, "An address."), PayloadField("phone", is: .identifier, "A number."),
            PayloadField("userId", is: .identifier, "A user."),
            PayloadField("customerId", is: .identifier, "A company."),
            PayloadField("role", is: .identifier, "Everybody with this role."),
            PayloadField("name", is: .string(atMost: 1_000), "The name that goes with the address."),
        ],
        isOpen: false
    )

    private static let options = PayloadShape.object(
        [
            PayloadField(
                "priority",
                is: .choice(NotificationPriority.allCases.map(\.rawValue)),
                "normal unless given."
            ),
            PayloadField("scheduledAt", is: .string(atMost: 40), "Not before this ISO 8601 time."),
            PayloadField("language", is: .string(atMost: 35), "A language tag; the recipient's unless given."),
            PayloadField("timeZone", is: .string(atMost: 64), "In which times are shown, and read without an offset."),
            PayloadField("eventId", is: .identifier, "What it belongs to."),
            PayloadField("attachments", is: .list(attachment, count: 0...20), "For mail."),
        ],
        isOpen: false
    )

    private static let attachment = PayloadShape.object(
        [
            PayloadField("fileName", is: .string(atMost: 255), "Its name.").required,
            PayloadField("contentType", is: .string(atMost: 127), "application/octet-stream unless given."),
            PayloadField("content", is: .string(atMost: 12_000_000), "In base64.").required,
        ],
        isOpen: false
    )

    static var own: [MessageDescription] {
        let outcomes = [
            (NotificationOutcome.sent, "A provider has taken a notification."),
            (NotificationOutcome.failed, "A notification will not be sent."),
        ].map { name, summary in
            MessageDescription(
                name,
                from: MessageDescription.fleet,
                summary,
                fields: [
                    PayloadField("notificationId", is: .identifier, "The notification.").required,
                    PayloadField("type", is: .choice(Channel.allCases.map(\.rawValue)), "Its channel.").required,
                    PayloadField("template", is: .string(atMost: 200), "Its template.").required,
                    PayloadField("recipient", is: .string(atMost: 400), "Who it was for.").required,
                    PayloadField("status", is: .choice(["sent", "failed"]), "What became of it.").required,
                    PayloadField("provider", is: .string(atMost: 100), "Who took it."),
                    PayloadField("providerMessageId", is: .string(atMost: 1_000), "Its id there."), reason,
                    PayloadField("eventId", is: .identifier, "What it belongs to."),
                    PayloadField("timestamp", is: .time, "When.").required,
                ],
                example: """
                    {"notificationId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f30","type":"email","template":"message",\
                    "recipient":"user:42","status":"\(name == NotificationOutcome.sent ? "sent" : "failed")",\
                    "timestamp":"2026-01-30T03:00:00Z"}
                    """
            )
        }
        let deliveries = DeliveryQueue.names.sorted().map { name in
            MessageDescription(
                name,
                [.job],
                from: MessageDescription.fleet,
                "One notification to one person; what it says is in the table of notifications.",
                fields: [
                    PayloadField("notificationId", is: .identifier, "The notification's row.").required,
                    PayloadField("to", is: .string(atLeast: 1, atMost: 320), "Where to send it instead."),
                ],
                example: #"{"notificationId":"0190a2b4-6c1e-7d3a-9f10-2b7c6d5e4f30"}"#
            )
        }
        return outcomes + deliveries
    }
}
