/// What became of a notification that was given to a chain of providers.
package enum SendResult: Sendable, Hashable {
    /// A provider has taken it over.
    case accepted(provider: String, messageID: String)
    /// It will never be taken: a fault of the address or the content, in the provider's own words.
    case refused(provider: String, reason: String)
    /// The provider may take this one later; others are not concerned.
    case deferred(provider: String, reason: String, after: Duration?)
    /// A provider failed with this one, and it is not clear yet whose fault it is: try again after this long.
    case unclear(reason: String, wait: Duration)
    /// No provider is in service. Nothing is wrong with the notification.
    case allOut(reason: String)
    /// It would have to wait longer than is good, for the provider's rate or a connection; come back after this long.
    case busy(wait: Duration)
}
