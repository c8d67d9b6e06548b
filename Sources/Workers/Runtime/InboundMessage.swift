import Messaging
import Models

/// A delivery with everything the runtime reads off it before a handler sees it.
struct InboundMessage: Sendable {
    let delivery: Delivery
    /// As the publisher made it.
    let original: Message
    let body: [UInt8]
    let event: String
    let exchange: String
    let routingKey: String
    let messageID: String
    /// Whether the publisher gave the message an id; without one, duplicates can't be told.
    let hasOwnID: Bool
    let correlationID: String?
    let attempt: Int
    let maxAttempts: Int
    /// The job that it carries out, if it is one.
    let job: JobEnd?
    let occurredAt: Int64?
    let receivedAt: Int64
}
