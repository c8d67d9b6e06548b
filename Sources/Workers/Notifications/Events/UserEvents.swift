import FlotillaModels

/// `user.*`: people come, change and go.
enum UserEvents {
    static func created(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let change = try change(event)
        var data = TemplateData()
        data.add("login_url", try event.fields.text("loginUrl", "login_url"))
        data.add("activation_url", try event.fields.text("activationUrl", "activation_url"))
        let person = try event.fields.person("userId", "user_id", "id")
        return EventEffect(
            changes: [change],
            announcements: [Announcement(template: "user_welcome", to: [person], data: data)]
        )
    }

    static func updated(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        EventEffect(changes: [try change(event)])
    }

    static func deleted(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        var change = RecipientChange(.user(try id(event)), changedAt: try event.time)
        change.isDeletion = true
        return EventEffect(changes: [change])
    }

    static func passwordReset(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("reset_url", try fields.text("resetUrl", "reset_url", "resetLink", "reset_link", "url"))
        data.add("code", try fields.text("code", "token", "resetToken", "reset_token"))
        data.add("expires_at", time: try fields.time("expiresAt", "expires_at"))
        let person = try fields.person("userId", "user_id")
        // Nobody waits for this in an application that they can't get into.
        return EventEffect(announcements: [
            Announcement(template: "password_reset", to: [person], data: data, channels: [.email], priority: .high)
        ])
    }

    private static func id(_ event: NotifiedEvent) throws(InvalidPayload) -> String {
        try event.fields.requiredIdentifier("userId", "user_id", "id")
    }

    private static func change(_ event: NotifiedEvent) throws(InvalidPayload) -> RecipientChange {
        let fields = event.fields
        var change = RecipientChange(.user(try id(event)), changedAt: try event.time)
        try change.readContact(fields)
        change.companyID = try fields.identifier("companyId", "company_id", "customerId", "customer_id")
        if let value = try fields.value("roles", "newRole", "new_role", "role") {
            change.roles = try roles(value)
        }
        return change
    }

    private static func roles(_ value: JSONValue) throws(InvalidPayload) -> [String] {
        let values: [JSONValue] = if case .array(let elements) = value { elements } else { [value] }
        var roles: [String] = []
        for value in values {
            guard case .string(let text) = value, text.utf8.count <= 255, !text.utf8.contains(0) else {
                throw InvalidPayload(field: "roles", problem: "expected a string, or a list of strings")
            }
            roles.append(RecipientChange.role(text))
        }
        return roles
    }
}

extension RecipientChange {
    /// Reads name, addresses and language.
    mutating func readContact(_ fields: EventFields) throws(InvalidPayload) {
        let parts = [
            try fields.text("firstName", "first_name", limit: 500),
            try fields.text("lastName", "last_name", limit: 500),
        ].compactMap(\.self)
        let joined = parts.isEmpty ? nil : parts.joined(separator: " ")
        name = try fields.text("name", "fullName", "full_name", "displayName", "companyName", limit: 1_000) ?? joined
        email = try fields.identifier("email", "emailAddress", "email_address", "contactEmail", "contact_email")
        phone = try fields.identifier("phone", "phoneNumber", "phone_number", "mobile")
        language = try fields.identifier("language", "locale", "lang", "preferredLanguage")
        timeZone = try fields.identifier("timeZone", "time_zone", "timezone")
    }
}
