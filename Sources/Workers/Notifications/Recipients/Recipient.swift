/// A person or a company that notifications can reach, with what it has declined.
struct Recipient: Sendable, Hashable {
    let key: RecipientKey
    var name: String?
    var email: String?
    var phone: String?
    /// A BCP 47 tag.
    var language: String?
    /// A name of the tz database: `Europe/Paris`.
    var timeZone: String?
    var preferences = NotificationPreferences()

    /// Where a channel finds the recipient; `nil` when it doesn't. An application finds whoever has an id.
    func address(on channel: Channel) -> String? {
        switch channel {
        case .email: email
        case .sms: phone
        case .inApp: key.text.hasPrefix("address:") ? nil : key.text
        }
    }
}
