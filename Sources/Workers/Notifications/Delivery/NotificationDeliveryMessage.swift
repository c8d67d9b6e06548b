/// The message that delivers one notification.
package struct NotificationDeliveryMessage: Decodable, Sendable {
    let notificationID: String
    /// Where to send it instead: an operator who publishes such a message corrects an address, and takes up again what
    /// has failed.
    let address: String?

    private enum CodingKeys: String, CodingKey {
        case notificationID = "notificationId"
        case address = "to"
    }
}
