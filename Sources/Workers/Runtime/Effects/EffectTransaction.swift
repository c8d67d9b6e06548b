public import FlotillaStorage

/// The transaction in which a handler's effect, its inbox row and its outgoing events commit together.
///
/// It lives as long as the closure that it is lent to; using it afterwards throws.
public final class EffectTransaction {
    private let transaction: any EffectStoreTransaction
    private(set) var events: [OutgoingEvent] = []

    init(_ transaction: any EffectStoreTransaction) { self.transaction = transaction }

    /// Runs one statement.
    @discardableResult
    public func execute(_ statement: SQLStatement) async throws -> SQLResult {
        try await transaction.execute([statement])[0]
    }

    /// Runs several statements in one round trip.
    @discardableResult
    public func execute(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        try await transaction.execute(statements)
    }

    /// Publishes the event if, and only if, the transaction commits.
    public func publish(_ event: OutgoingEvent) { events.append(event) }
}
