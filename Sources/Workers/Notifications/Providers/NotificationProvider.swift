/// A service that carries notifications to people: a mail server, a mail or SMS API, a folder.
protocol NotificationProvider<Content>: Sendable {
    associatedtype Content: Sendable

    /// The name in configuration, metrics and records: `smtp`.
    var name: String { get }

    func send(_ content: Content) async -> ProviderAnswer

    /// Whether it can be talked to, found out without sending anything.
    func isReachable() async -> Bool
}

/// What a provider said of one notification.
enum ProviderAnswer: Sendable, Hashable {
    /// It has taken the notification over, and calls it by this id.
    case accepted(messageID: String)
    /// It will never take it: a fault of the address or the content. In the provider's own words.
    case refused(reason: String)
    /// It may take this one later; other notifications are not concerned.
    case deferred(reason: String, after: Duration?)
    /// It is down, overloaded or wrongly configured: a matter of the provider, not of this notification.
    case unavailable(reason: String, after: Duration?)
}
