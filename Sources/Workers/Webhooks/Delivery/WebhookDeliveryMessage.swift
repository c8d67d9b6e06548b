/// The message that makes one delivery.
package struct WebhookDeliveryMessage: Decodable, Sendable {
    static let field = "deliveryId"

    let deliveryID: String

    private enum CodingKeys: String, CodingKey {
        case deliveryID = "deliveryId"
    }
}
