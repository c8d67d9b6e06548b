public import FlotillaModels

/// Code around every execution of every handler of a process: for logs, traces, measurements.
///
/// It sees executions, not settlements: retry and dead-lettering are stages of the runtime.
public protocol Middleware: Sendable {
    /// Calls `next` exactly once and returns its results, one per message in order, or results of its own in their place.
    func around(
        _ execution: Execution,
        _ next: () async -> [Result<Outcome, any Error>]
    ) async -> [Result<Outcome, any Error>]
}

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
