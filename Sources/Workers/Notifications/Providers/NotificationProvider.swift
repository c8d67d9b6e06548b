/// A service that carries notifications to people: a mail server, a mail or SMS API, a folder.
protocol NotificationProvider<Content>: Sendable {
    associatedtype Content: Sendable

    /// The name in configuration, metrics and records: `smtp`.
    var name: String { get }

    func send(_ content: Content) async -> ProviderResult

    /// Whether it can be reached, found out without sending anything.
    func isReachable() async -> Bool

    /// Whether a probe that succeeds shows that notifications are taken: it takes the same way as they do.
    var probeIsConclusive: Bool { get }
}

extension NotificationProvider {
    var probeIsConclusive: Bool { false }
}

/// What a provider said of one notification.
enum ProviderResult: Sendable, Hashable {
    /// It has taken the notification over, and calls it by this id.
    case accepted(messageID: String)
    /// It will never take it: a fault of the address or the content. In the provider's own words.
    case refused(reason: String)
    /// It may take this one later; other notifications are not concerned.
    case deferred(reason: String, after: Duration?)
    /// It was reached, and failed with this one: its own fault or the notification's.
    ///
    /// - mayHaveArrived: it may have taken the notification over all the same.
    case failed(reason: String, mayHaveArrived: Bool = false)
    /// It was reached, and takes nothing of ours: it does not know our key or sender, in which case the reason says which
    /// setting to look at, or it has no room.
    case denied(reason: String)
    /// It is down or overloaded: a matter of the provider, not of this notification.
    case unavailable(reason: String, after: Duration?)
    /// All connections to it are in use.
    case busy(wait: Duration)
}

extension Duration {
    /// What an API may take for one notification. Who gives up too early sends it twice.
    static let notificationRequest = Duration.seconds(60)
}
