/// A way in which a notification reaches a person.
package enum Channel: String, Sendable, Hashable, CaseIterable {
    case email
    case sms
    /// A row that the person's application shows.
    case inApp = "in-app"
}
