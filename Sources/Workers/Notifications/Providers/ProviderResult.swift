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
