public import FlotillaModels
import FlotillaPlatform

/// An event that a handler publishes together with its effect.
public struct OutgoingEvent: Sendable, Hashable {
    /// The routing key on the topic exchange: `<entity>.<action>`.
    public var name: String
    /// JSON.
    public var body: [UInt8]
    /// The idempotency key; give one that follows from the cause when the event must be the same on every attempt.
    public var messageID: String?
    /// `nil` takes over the correlation id of the message being handled.
    public var correlationID: String?
    public var headers: HeaderTable
    /// Not before; microseconds since 1970, `nil` for at once.
    public var publishAt: Int64?
    /// The message property, from 0 to 255, for queues of the type classic that have priorities.
    public var priority: UInt8?
    /// How long it may wait in a queue; `nil` for as long as it takes.
    public var expiration: Duration?
    /// The topic exchange of the fleet unless given.
    public var exchange: String?

    public init(
        name: String,
        body: [UInt8],
        messageID: String? = nil,
        correlationID: String? = nil,
        headers: HeaderTable = HeaderTable()
    ) {
        self.name = name
        self.body = body
        self.messageID = messageID
        self.correlationID = correlationID
        self.headers = headers
    }

    /// An event with a value as its body: JSON with sorted names, and times in ISO 8601.
    ///
    /// - Parameter delay: how long it waits at least before it is published.
    /// - Throws: what encoding throws.
    public init(
        _ name: String,
        json: some Encodable,
        messageID: String? = nil,
        after delay: Duration? = nil
    ) throws {
        self.init(name: name, body: try EncodedBody.json(json), messageID: messageID)
        publishAt = delay.map { WallClock.microseconds() + Int64($0 / .microseconds(1)) }
    }
}

extension OutgoingEvent {
    /// The message to publish: with the correlation and the trace of what caused it.
    package func message(causedBy cause: Message?, _ correlationID: String?, _ exchange: String) -> OutgoingMessage {
        var message = Message(headers: headers, body: body)
        message.properties.contentType = "application/json"
        message.properties.messageID = messageID ?? UUIDv7.make()
        message.properties.type = name
        message.properties.correlationID = self.correlationID ?? correlationID
        message.properties.priority = priority
        message.properties.expiration = expiration.map { String(max(Int($0 / .milliseconds(1)), 0)) }
        for name in [FleetHeader.traceParent, FleetHeader.traceState] where message.headers[name] == nil {
            // Longer than W3C asks to carry, it is no trace; copied on, it could keep the event from being published.
            guard let text = cause?.headers[name]?.text, text.utf8.count <= 512 else { continue }
            message.headers[name] = .string(text)
        }
        return OutgoingMessage(exchange: self.exchange ?? exchange, routingKey: name, message: message)
    }

    func timed(causedBy cause: Message?, _ correlationID: String?, _ exchange: String) -> TimedMessage {
        TimedMessage(message(causedBy: cause, correlationID, exchange), notBefore: publishAt)
    }
}
