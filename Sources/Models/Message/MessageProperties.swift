/// The fourteen properties of an AMQP 0-9-1 message, but for its headers.
public struct MessageProperties: Sendable, Hashable {
    public var contentType: String?
    public var contentEncoding: String?
    /// 1 is transient, 2 is persistent. Everything the fleet publishes is persistent.
    public var deliveryMode: UInt8?
    public var priority: UInt8?
    /// Carried into every log line, outgoing event, webhook and audit row.
    public var correlationID: String?
    public var replyTo: String?
    /// A per-message time to live, in milliseconds, as text.
    public var expiration: String?
    /// The idempotency key: any string up to 255 bytes.
    public var messageID: String?
    /// Seconds since 1970, as it was sent.
    public var timestamp: UInt64?
    /// Overrides the routing key as the event's name.
    public var type: String?
    public var userID: String?
    public var appID: String?
    public var clusterID: String?
    /// Short strings that are not UTF-8, by property name as in the specification (`message-id`), written back as they came.
    public var malformed: [String: [UInt8]] = [:]

    public init() {}
}

extension MessageProperties {
    /// What ``timestamp`` says, in microseconds since 1970; `nil` for one that no clock shows.
    ///
    /// Anybody can write any 64 bits there. Milliseconds are taken too, and 0 is what clients send for none.
    package var time: Int64? { timestamp.flatMap { $0 == 0 ? nil : EventTime.since1970(Double($0)) } }
}
