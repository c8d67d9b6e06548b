import FlotillaMessaging
public import FlotillaModels

/// A message in a dead-letter queue of a ``TestFleet``, and why it is there.
public struct TestDeadLetter: Sendable, Hashable {
    /// The message as its publisher made it.
    public let message: Message
    /// The routing key that it was first published with.
    public let routingKey: String
    /// A short, stable word: `invalid_payload`, `rejected`, `timeout`, or that of the handler's own error.
    public let errorType: String
    /// For an invalid payload it begins with the field.
    public let errorMessage: String
    /// How many executions have failed.
    public let attempts: Int

    init(_ deadLettered: Message) {
        message = Republication.restore(deadLettered)
        routingKey = deadLettered.headers[FleetHeader.originRoutingKey]?.text ?? ""
        errorType = deadLettered.headers[FleetHeader.errorType]?.text ?? ""
        errorMessage = deadLettered.headers[FleetHeader.errorMessage]?.text ?? ""
        attempts = Int(clamping: deadLettered.headers[FleetHeader.retryCount]?.integer ?? 0)
    }
}
