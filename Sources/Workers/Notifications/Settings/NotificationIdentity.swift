import FlotillaModels

/// Who the fleet's notifications come from: what every template may show of the application.
package struct NotificationIdentity: Sendable, Hashable {
    /// The name of the product, as people know it.
    package var name: String
    /// Where the control API is reached from outside, without a slash at the end: the base of links to it.
    package var publicURL: String
    package var supportEmail: String

    package init(name: String, publicURL: String, supportEmail: String) {
        self.name = name
        self.publicURL = publicURL
        self.supportEmail = supportEmail
    }

    /// Where a person who got marketing mail can decline more of it.
    func unsubscribeURL(_ token: String) -> String {
        "\(publicURL)/api/v1/notifications/unsubscribe?token=\(token)"
    }

    /// What a template gets: our values come first, so that no data can pass for them.
    func values(
        recipientID: String,
        name: String?,
        address: String?,
        unsubscribeToken: String?,
        data: [JSONValue.Member]
    ) -> JSONValue {
        var recipient: [JSONValue.Member] = [.init(name: "id", value: .string(recipientID))]
        if let name, !name.isEmpty { recipient.append(.init(name: "name", value: .string(name))) }
        if let address { recipient.append(.init(name: "email", value: .string(address))) }
        let app: [JSONValue.Member] = [
            .init(name: "name", value: .string(self.name)), .init(name: "url", value: .string(publicURL)),
            .init(name: "support_email", value: .string(supportEmail)),
        ]
        var members: [JSONValue.Member] = [
            .init(name: "recipient", value: .members(recipient)), .init(name: "app", value: .members(app)),
        ]
        if let unsubscribeToken {
            members.append(.init(name: "unsubscribe_url", value: .string(unsubscribeURL(unsubscribeToken))))
        }
        return .members(members + data)
    }
}
