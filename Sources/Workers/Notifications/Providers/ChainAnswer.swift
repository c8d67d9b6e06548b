/// What became of a notification that was given to a chain of providers.
package enum ChainAnswer: Sendable, Hashable {
    /// A provider has taken it over.
    case accepted(provider: String, messageID: String)
    /// It will never be taken: a fault of the address or the content, in the provider's own words.
    case refused(provider: String, reason: String)
    /// The provider may take this one later; others are not concerned.
    case deferred(provider: String, reason: String, after: Duration?)
    /// No provider is in service. Nothing is wrong with the notification.
    case allOut(reason: String)
    /// The provider's rate would make it wait longer than the caller's patience; come back after this long.
    case busy(wait: Duration)
}
