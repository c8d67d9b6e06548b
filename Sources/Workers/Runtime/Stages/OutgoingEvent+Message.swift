package import FlotillaModels
import FlotillaPlatform

extension OutgoingEvent {
    /// The message to publish: with the correlation and the trace of what caused it.
    package func message(causedBy cause: Message?, _ correlationID: String?, _ exchange: String) -> OutgoingMessage {
        var message = Message(headers: headers, body: body)
        message.properties.contentType = "application/json"
        message.properties.messageID = messageID ?? UUIDv7.make()
        message.properties.type = name
        message.properties.correlationID = self.correlationID ?? correlationID
        for name in [FleetHeader.traceParent, FleetHeader.traceState] where message.headers[name] == nil {
            // Longer than W3C asks to carry, it is no trace; copied on, it could keep the event from being published.
            guard let text = cause?.headers[name]?.text, text.utf8.count <= 512 else { continue }
            message.headers[name] = .string(text)
        }
        return OutgoingMessage(exchange: exchange, routingKey: name, message: message)
    }
}
