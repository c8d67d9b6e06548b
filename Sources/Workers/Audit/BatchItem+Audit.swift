import Models

extension AuditRecord {
    /// What the message says, before it has a place in a chain.
    init(_ item: BatchItem<RawJSON>) {
        let fields = AuditFields(scanning: item.body, event: item.event)
        // Reading the envelope again costs nothing for messages that are no CloudEvents.
        let cloudEvent = try? CloudEvent.unwrap(item.message)
        self.init(
            lane: 0,
            sequence: 0,
            recordedAt: 0,
            occurredAt: fields.occurredAt ?? item.plausibleTime,
            event: item.event,
            actor: fields.actor,
            subject: fields.subject ?? cloudEvent?.subject?.storable,
            service: fields.service ?? cloudEvent?.source?.storable ?? item.message.properties.appID?.storable,
            correlationID: item.correlationID,
            messageID: item.messageID,
            exchange: item.exchange,
            routingKey: item.routingKey,
            traceParent: item.message.headers.isEmpty ? nil : item.message.headers[FleetHeader.traceParent]?.text,
            body: item.message.body
        )
    }
}

extension BatchItem {
    /// The envelope's time, or when it was received where that is missing or nonsense.
    var plausibleTime: Int64 {
        if let occurredAt, EventTime.plausible.contains(occurredAt) { occurredAt } else { receivedAt }
    }

    /// Throws when a text can't be held by Postgres: U+0000 is the one character that it refuses.
    func checkStorable() throws(InvalidPayload) {
        try check(messageID, "message_id")
        try check(correlationID, "correlation_id")
        try check(event, "type")
        try check(exchange, "exchange")
        try check(routingKey, "routing key")
        if !message.headers.isEmpty {
            try check(message.headers[FleetHeader.traceParent]?.text, FleetHeader.traceParent)
        }
    }

    private func check(_ text: String?, _ field: String) throws(InvalidPayload) {
        if let text, text.utf8.contains(0) {
            throw InvalidPayload(field: field, problem: "expected text, found the character U+0000")
        }
    }
}

extension String {
    /// The text, or `nil` when Postgres can't hold it.
    fileprivate var storable: String? { utf8.contains(0) ? nil : self }
}
