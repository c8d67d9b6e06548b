import FlotillaStorage
package import Workers

extension DeadLetterStore {
    /// Lets each observer do what is to be done about the dead letters of its queues, in a transaction of its own.
    func tell(
        _ observers: [any DeadLetterObserver],
        of deadLetters: [DeadLetter],
        eventExchange: String
    ) async throws(PostgresError) {
        for observer in observers {
            let concerned = deadLetters.filter { observer.queues.contains($0.queue) }.map(\.deadMessage)
            guard !concerned.isEmpty else { continue }
            do {
                try await pool.transaction { transaction in
                    let own = DeadLetterTransaction(transaction, topicExchange: eventExchange)
                    try await observer.stored(concerned, in: own)
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
}

extension DeadLetter {
    package var deadMessage: DeadMessage {
        DeadMessage(queue: queue, message: original, jobID: jobID, failure: failure)
    }
}
