import FlotillaModels
import FlotillaModules

/// The commands and events of notifications.
enum NotificationMessages {
    static var all: [MessageDescription] {
        commands + users + customers + recruitment + companies + mentoring + administration + own
    }

    static let occurredAt = PayloadField(
        "occurredAt",
        or: "occurred_at",
        "timestamp",
        is: .time,
        "When it happened: the newest wins. The message's timestamp unless given."
    )
    static let reason = PayloadField("reason", is: .text(), "Why.")
    static let zone = PayloadField(
        "timeZone",
        or: "time_zone",
        "timezone",
        is: .string(atMost: 64),
        "Of times without an offset: Europe/Paris."
    )
    /// Without an id, the address that the event names.
    static let email = PayloadField(
        "email",
        or: "userEmail",
        "user_email",
        "candidateEmail",
        "candidate_email",
        is: .identifier,
        "Whom to tell where no id is given."
    )
    static let candidate = PayloadField(
        "userId",
        or: "user_id",
        "candidateId",
        "candidate_id",
        is: .identifier,
        "The person; or email."
    )
    static let company = PayloadField(
        "companyId",
        or: "company_id",
        "customerId",
        "customer_id",
        is: .identifier,
        "The company, whose users are told; or customerEmail."
    )
    static let companyEmail = PayloadField(
        "customerEmail",
        or: "customer_email",
        "billingEmail",
        "billing_email",
        "email",
        is: .identifier,
        "Whom to tell instead of the company's users."
    )
    static let plan = PayloadField(
        "plan",
        or: "planName",
        "plan_name",
        "planId",
        "plan_id",
        "planCode",
        "plan_code",
        is: .identifier,
        "The plan."
    )
    static let contact = [
        PayloadField(
            "email",
            or: "emailAddress",
            "email_address",
            "contactEmail",
            "contact_email",
            is: .identifier,
            "Where mail goes."
        ), PayloadField("phone", or: "phoneNumber", "phone_number", "mobile", is: .identifier, "Where SMS go."),
        PayloadField(
            "name",
            or: "fullName",
            "full_name",
            "displayName",
            "companyName",
            is: .text(atMost: 1_000),
            "The whole name; or firstName and lastName."
        ), PayloadField("firstName", or: "first_name", is: .text(atMost: 500), "The given name."),
        PayloadField("lastName", or: "last_name", is: .text(atMost: 500), "The family name."),
        PayloadField("language", or: "locale", "lang", "preferredLanguage", is: .identifier, "A language tag: fr."),
        PayloadField("timeZone", or: "time_zone", "timezone", is: .identifier, "Europe/Paris."),
    ]

    /// An event that ``NotifiedEvents`` maps.
    static func event(
        _ name: String,
        from sender: String,
        _ summary: String,
        _ fields: [PayloadField],
        _ example: String
    ) -> MessageDescription {
        MessageDescription(name, from: sender, summary, fields: fields, example: example) {
            body throws(InvalidPayload) in
            guard let mapping = NotifiedEvents.all[name] else { return }
            _ = try mapping(NotifiedEvent(name: name, body: body, timeOf: { $0 ?? 0 }))
        }
    }
}
