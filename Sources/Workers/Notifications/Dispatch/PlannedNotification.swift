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
