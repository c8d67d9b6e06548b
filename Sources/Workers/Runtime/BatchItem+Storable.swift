package import FlotillaModels

extension BatchItem {
    /// Throws when a text can't be held by Postgres: U+0000 is the one character that it refuses.
    package func checkStorable() throws(InvalidPayload) { try inbound.checkStorable() }
}

extension InboundMessage {
    fileprivate func checkStorable() throws(InvalidPayload) {
        try check(messageID, "message_id")
        try check(correlationID, "correlation_id")
        try check(event, "type")
        try check(exchange, "exchange")
        try check(routingKey, "routing key")
        let headers = original.headers
        if !headers.isEmpty { try check(headers[FleetHeader.traceParent]?.text, FleetHeader.traceParent) }
    }

    private func check(_ text: String?, _ field: String) throws(InvalidPayload) {
        if let text, text.utf8.contains(0) {
            throw InvalidPayload(field: field, problem: "expected text, found the character U+0000")
        }
    }
}
