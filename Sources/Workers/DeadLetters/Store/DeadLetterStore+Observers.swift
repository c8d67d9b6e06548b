import FlotillaStorage
package import Workers

extension DeadLetterStore {
    /// Lets each observer do what is to be done about the dead letters of its queues, in a transaction of its own. One that
    /// fails keeps no other from its part.
    ///
    /// - Throws: the first failure.
    func tell(
        _ observers: [any DeadLetterObserver],
        of deadLetters: [DeadLetter],
        eventExchange: String
    ) async throws(PostgresError) {
        var failure: PostgresError?
        for observer in observers {
            let concerned = deadLetters.filter { observer.queues.contains($0.queue) }.map(\.deadMessage)
            guard !concerned.isEmpty else { continue }
            do {
                try await tell(observer, of: concerned, eventExchange)
            } catch {
                if error.isOutage || error.code == .cancelled { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func tell(
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
