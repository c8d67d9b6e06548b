import FlotillaStorage
package import Workers

extension DeadLetterStore {
    /// Lets an observer do what is to be done about the dead letters, in a transaction of its own.
    func tell(
        _ observer: any DeadLetterObserver,
        of deadLetters: [DeadMessage],
        _ eventExchange: String
    ) async throws(PostgresError) {
        do {
            try await pool.transaction { transaction in
                let own = DeadLetterTransaction(transaction, topicExchange: eventExchange)
                try await observer.stored(deadLetters, in: own)
                let events = own.outgoing
                try await transaction.commit(after: events.isEmpty ? [] : [Outbox.insert(events)])
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(code: .protocolViolation, operation: "\(type(of: observer))", detail: "\(error)")
        }
    }
}

extension DeadLetter {
    package var deadMessage: DeadMessage {
        DeadMessage(queue: queue, message: original, jobID: jobID, failure: failure)
    }
}
