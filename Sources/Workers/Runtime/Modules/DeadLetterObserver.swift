public import FlotillaModels
public import FlotillaStorage

/// Brings a domain's own records in line when messages have failed for good, however they died.
public protocol DeadLetterObserver: Sendable {
    /// The queues whose dead letters are of interest.
    var queues: Set<String> { get }

    /// Called after the dead letters are stored. It may be called again for the same ones: nothing may happen twice then.
    ///
    /// - Parameters:
    ///   - deadLetters: of ``queues`` alone; never empty.
    ///   - transaction: of the observer alone; it commits when the method returns.
    /// - Throws: what the transaction throws. It is tried again then, and the messages stay in their dead-letter queue.
    func stored(_ deadLetters: [DeadMessage], in transaction: DeadLetterTransaction) async throws
}

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

/// The transaction of a ``DeadLetterObserver``.
public final class DeadLetterTransaction {
    private let transaction: PostgresTransaction
    private let topicExchange: String
    package private(set) var outgoing: [OutgoingMessage] = []

    /// - Parameter topicExchange: where events are published.
    package init(_ transaction: PostgresTransaction, topicExchange: String) {
        self.transaction = transaction
        self.topicExchange = topicExchange
    }

    /// Runs one statement.
    @discardableResult
    public func execute(_ statement: SQLStatement) async throws -> SQLResult { try await transaction.query(statement) }

    /// Publishes the event if, and only if, the transaction commits.
    public func publish(_ event: OutgoingEvent) { outgoing.append(event.message(causedBy: nil, nil, topicExchange)) }
}
