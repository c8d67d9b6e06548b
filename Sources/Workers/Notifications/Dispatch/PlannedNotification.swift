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

/// One notification to one recipient on one channel, as it is first written.
package struct PlannedNotification: Sendable {
    package let id: String
    package let channel: Channel
    let template: Template
    let recipient: Recipient
    /// An address or a number; `nil` in an application.
    let address: String?
    let language: String
    let timeZone: String?
    let subject: String
    /// The text that an application shows; the others are rendered when they are sent.
    let body: String?
    package let status: NotificationStatus
    package let reason: String?
    let unsubscribeToken: String?
}
