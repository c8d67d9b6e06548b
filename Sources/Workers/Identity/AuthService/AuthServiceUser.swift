import FlotillaModels

/// A user as the auth service knows it.
package struct AuthServiceUser: Sendable, Hashable {
    package var id: String
    package var email: String?
    package var name: String?
    package var phone: String?
    /// A BCP 47 tag.
    package var language: String?
    /// A name of the tz database.
    package var timeZone: String?
    package var roles: [String] = []
    /// False for an account that the service has closed.
    package var isActive = true

    package init(id: String) { self.id = id }

    /// Reads the object `user`, at the top or in `data`; or `data` itself.
    ///
    /// - Returns: `nil` when there is no such object with an id.
    init?(answer: JSONValue) {
        let data = answer["data"]
        guard let user = [answer["user"], data?["user"], data].compactMap(\.self).first(where: \.isObject),
            let id = ["id", "_id", "userId", "user_id", "sub"].lazy.compactMap({ user[$0]?.userID }).first
        else { return nil }
        self.id = id
        func text(_ names: String...) -> String? {
            names.lazy.compactMap { user[$0]?.text }.first { (1...1_000).contains($0.utf8.count) }
        }
        email = text("email", "emailAddress")
        let parts = [text("firstName", "first_name"), text("lastName", "last_name")].compactMap(\.self)
        name =
            text("name", "fullName", "displayName", "username") ?? (parts.isEmpty ? nil : parts.joined(separator: " "))
        phone = text("phone", "phoneNumber")
        language = text("language", "locale", "preferredLanguage")
        timeZone = text("timeZone", "timezone", "time_zone")
        roles = ["role", "roles"].flatMap { user[$0]?.textOrTexts ?? [] }
        for name in ["isActive", "active", "enabled"] where user[name] == .boolean(false) { isActive = false }
    }
}

extension JSONValue {
    fileprivate var isObject: Bool { if case .members = self { true } else { false } }

    /// An id as a text, or as a whole number.
    fileprivate var userID: String? {
        if case .number(let text) = self { Int64(text).map(String.init) } else { identifier }
    }
}
