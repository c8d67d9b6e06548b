/// What has become of a notification.
package enum NotificationStatus: String, Sendable, Hashable, CaseIterable {
    /// Waits to be sent: for its time, for its turn, or for a provider.
    case queued
    /// A provider has taken it over; an in-app one is there to be read.
    case sent
    /// It will not be sent; the reason says why.
    case failed
    /// The recipient does not want it.
    case suppressed
}
