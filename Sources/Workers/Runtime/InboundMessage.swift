import FlotillaMessaging
import FlotillaModels

/// A delivery with everything the runtime reads off it before a handler sees it.
///
/// A class, since it is passed along by every stage: one reference instead of two dozen strings.
final class InboundMessage: Sendable {
    let delivery: Delivery
    private let restored: Message?
    private let data: [UInt8]?
    let event: String
    let exchange: String
    let routingKey: String
    let messageID: String
    /// Whether the publisher gave the message an id; without one, duplicates can't be recognised.
    let hasOwnID: Bool
    let correlationID: String?
    let attempt: Int
    let maxAttempts: Int
    /// The job that it carries out, if it is one.
    let job: JobEnd?
    let occurredAt: Int64?
    let receivedAt: Int64
    private let place: UnpackingRoom.Place?
    /// Of the body that was unpacked.
    private let charge: BodyBudget.Charge?
    /// Whether its bodies count for the ``BodyBudget``; small ones do not.
    let isCounted: Bool

    /// - Parameters:
    ///   - restored: the message as its publisher made it, where that differs from the delivery's.
    ///   - data: the body to read, where that is not the message's.
    ///   - place: where it was unpacked.
    init(
        delivery: Delivery,
        restored: Message?,
        data: [UInt8]?,
        event: String,
        exchange: String,
        routingKey: String,
        messageID: String,
        hasOwnID: Bool,
        attempt: Int,
        maxAttempts: Int,
        job: JobEnd?,
        occurredAt: Int64?,
        receivedAt: Int64,
        place: UnpackingRoom.Place? = nil
    ) {
        self.delivery = delivery
        self.restored = restored
        self.data = data
        self.event = event
        self.exchange = exchange
        self.routingKey = routingKey
        self.messageID = messageID
        self.hasOwnID = hasOwnID
        correlationID = (restored ?? delivery.message).properties.correlationID
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.job = job
        self.occurredAt = occurredAt
        self.receivedAt = receivedAt
        self.place = place
        let isUnpacked = data.map { $0.count > delivery.message.body.count } ?? false
        charge = isUnpacked ? data.flatMap { delivery.charge($0.count) } : nil
        isCounted = delivery.isCounted || place != nil
    }

    /// As the publisher made it.
    var original: Message { restored ?? delivery.message }

    var body: [UInt8] { data ?? delivery.message.body }

    /// Whether the body takes more memory than the delivery's.
    var isUnpacked: Bool { data.map { $0.count > delivery.message.body.count } ?? false }

    /// Counts the bodies no longer: the message is settled, whoever still holds it.
    func releaseBodies() {
        releaseUnpacked()
        delivery.releaseBody()
    }

    /// Counts what was unpacked no longer; whoever admits the delivery once more counts it again.
    func releaseUnpacked() {
        charge?.release()
        place?.release()
    }

    /// Computed where it is needed: at most twice for a message.
    var identity: MessageIdentity { MessageIdentity(queue: delivery.queue, message: delivery.message) }
}

extension InboundMessage {
    /// When the event happened: as the payload says, else the envelope, else when it was received. One that has yet to
    /// happen counts as received now, see ``EventTime/credible(_:receivedAt:)``.
    fileprivate func time(of payloadTime: Int64?) -> Int64 {
        EventTime.credible(payloadTime ?? occurredAt, receivedAt: receivedAt)
    }
}

extension BatchItem {
    /// When the event happened; every worker for which the newest event wins asks here.
    ///
    /// - Parameter payloadTime: microseconds since 1970, as the payload says.
    package func time(of payloadTime: Int64?) -> Int64 { inbound.time(of: payloadTime) }
}

extension MessageContext {
    /// As ``BatchItem/time(of:)``.
    package func time(of payloadTime: Int64?) -> Int64 { inbound.time(of: payloadTime) }
}
