/// One call of a handler.
public struct Execution: Sendable {
    public let queue: String
    public let worker: String
    public let messages: [Subject]

    /// What is known of a message before its body is read.
    public struct Subject: Sendable {
        public let event: String
        public let messageID: String
        public let correlationID: String?
        public let jobID: String?
        /// The W3C `traceparent`, as its publisher sent it.
        public let traceParent: String?
        public let attempt: Int
    }
}
