public import FlotillaModels

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
}
