import FlotillaModels
import FlotillaStorage
import Workers

extension AuditRecord {
    /// What the message says, before it has a place in a chain, and what is known of where it came from.
    init(_ item: BatchItem<RawJSON>, by seal: ReceivedSeal) {
        let fields = AuditFields(scanning: item.body, event: item.event)
        // Reading the envelope again costs nothing for messages that are no CloudEvents.
        let cloudEvent = try? CloudEvent.unwrap(item.message)
        self.init(
            lane: 0,
            sequence: 0,
            recordedAt: 0,
            occurredAt: item.time(of: fields.occurredAt),
            event: item.event,
            actor: fields.actor,
            subject: fields.subject ?? cloudEvent?.subject?.storable,
            service: fields.service ?? cloudEvent?.source?.storable ?? item.message.properties.appID?.storable,
            correlationID: item.correlationID,
            messageID: item.messageID,
            exchange: item.exchange,
            routingKey: item.routingKey,
            traceParent: item.message.headers.isEmpty ? nil : item.message.headers[FleetHeader.traceParent]?.text,
            receipt: AuditReceipt(item.received(seal)),
            body: item.message.body
        )
    }
}

extension BatchItem {
    /// Where the API has taken the message in, if the fleet has sealed that; else the user whom the broker has checked.
    fileprivate func received(_ seal: ReceivedSeal) -> ReceivedFrom? {
        let envelope = ReceivedSeal.Envelope(message, messageID: messageID, exchange: exchange, routingKey: routingKey)
        return seal.open(message.headers, envelope) ?? senderID?.storable.map { .user($0) }
    }
}

extension String {
    /// The text, or `nil` when Postgres can't hold it.
    fileprivate var storable: String? { utf8.contains(0) ? nil : self }
}
