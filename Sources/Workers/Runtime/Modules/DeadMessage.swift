public import FlotillaModels

/// A message that failed for good.
public struct DeadMessage: Sendable {
    /// The queue whose worker could not handle it.
    public let queue: String
    /// As its publisher made it.
    public let message: Message
    public let jobID: String?
    public let failure: Failure

    public init(queue: String, message: Message, jobID: String?, failure: Failure) {
        self.queue = queue
        self.message = message
        self.jobID = jobID
        self.failure = failure
    }

    public var messageID: String? { message.properties.messageID }
}
