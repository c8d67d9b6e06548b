import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform

/// The first stage: reads off a delivery what the runtime has to know, and finds what must not run at all.
struct Intake: Sendable {
    let queue: QueueDefinition
    /// Who may publish what; `nil` where everybody may.
    var rights: PublisherRights?

    enum Admission: Sendable {
        case admitted(InboundMessage)
        /// Never reaches a handler.
        case refused(Failure, messageID: String)
    }

    /// - Parameters:
    ///   - now: microseconds since 1970.
    ///   - place: where a packed body is unpacked.
    func admit(_ delivery: Delivery, now: Int64, in place: UnpackingRoom.Place? = nil) -> Admission {
        let message = delivery.message
        // Some clients send an empty id when they mean none; as a key it would make all their messages one.
        let ownID = message.properties.messageID.flatMap { $0.isEmpty ? nil : $0 }
        guard message.body.count <= queue.maxBody else {
            let problem = "body of \(message.body.count) bytes is over the queue's limit of \(queue.maxBody)"
            let failure = Failure(type: Failure.tooLarge, message: problem, isPermanent: true)
            return .refused(failure, messageID: ownID ?? UUIDv7.makeSubstitute())
        }
        let hasHeaders = !message.headers.isEmpty
        var original = hasHeaders ? Republication.restore(message) : message
        do {
            let isEncoded = BodyEncoding.concerns(message)
            if isEncoded { original = try BodyEncoding.decoded(original, upTo: queue.maxBody) }
            place?.shrink(to: original.body.count)
            let event = try CloudEvent.unwrap(original)
            let headers = message.headers
            let routingKey = headers[FleetHeader.originRoutingKey]?.text ?? delivery.routingKey
            let given = original.properties.type ?? event?.type
            let name = given ?? routingKey
            let exchange = headers[FleetHeader.originExchange]?.text ?? delivery.exchange
            let messageID = try ownID ?? Self.id(of: event)
            if let rights, let refusal = rights.refusal(of: message, named: name, by: exchange, in: queue.name),
                rights.isStrict
            {
                return .refused(refusal.failure, messageID: messageID ?? UUIDv7.makeSubstitute())
            }
            let attempt = (headers[FleetHeader.retryCount]?.count ?? 0) + 1
            let job = headers[FleetHeader.jobID]?.text.map { JobEnd(id: $0, attempt: attempt) }
            return .admitted(
                InboundMessage(
                    delivery: delivery,
                    restored: hasHeaders || isEncoded ? original : nil,
                    data: event?.body ?? (isEncoded ? original.body : nil),
                    // At every level of a queue it is the same.
                    event: given ?? queue.level.plain(routingKey),
                    exchange: exchange,
                    routingKey: routingKey,
                    messageID: messageID ?? UUIDv7.makeSubstitute(),
                    hasOwnID: messageID != nil,
                    attempt: attempt,
                    maxAttempts: job.flatMap { _ in JobAttempts.own(headers) } ?? queue.retry.attempts,
                    job: job,
                    occurredAt: event?.time ?? original.properties.time,
                    receivedAt: now,
                    place: place
                )
            )
        } catch {
            return .refused(Failure(error), messageID: ownID ?? UUIDv7.makeSubstitute())
        }
    }

    /// An event's id is kept as the message's through every retry, so it has to fit where that is written.
    private static func id(of event: CloudEvent?) throws(InvalidPayload) -> String? {
        guard let id = event?.id, !id.isEmpty else { return nil }
        let size = id.utf8.count
        guard size <= 255 else {
            throw InvalidPayload(field: "id", problem: "expected at most 255 bytes, found \(size)")
        }
        return id
    }
}
