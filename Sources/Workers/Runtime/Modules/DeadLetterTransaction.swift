package import FlotillaModels
public import FlotillaStorage

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
