package import FlotillaModels
package import FlotillaStorage

/// Takes events in: those of concurrent requests are written into the outbox with one commit.
package final class EventIntake: Sendable {
    private let pool: PostgresPool
    private let group: GroupCommit<OutgoingMessage, Void>

    package init(_ pool: PostgresPool) {
        self.pool = pool
        group = GroupCommit(failsAllItems: failsAllItems) { batch in
            _ = try await pool.query(Outbox.insert(batch))
            return batch.map { _ in }
        }
    }

    /// Returns once the message is committed; the outbox relay publishes it.
    ///
    /// It is stamped with the request of this task, if there is one.
    package func publish(_ message: OutgoingMessage) async throws { try await group.submit(message.received) }

    /// The same for a message with an idempotency key.
    ///
    /// - Returns: `nil`, or what the key belongs to already: nothing is published then.
    package func publish(
        _ message: OutgoingMessage,
        claiming claim: IdempotencyKeys.Claim
    ) async throws -> IdempotencyKeys.Holder? {
        try await pool.transaction { transaction in
            if let holder = try await IdempotencyKeys.claim(claim, in: transaction) { return holder }
            try await transaction.commit(after: [Outbox.insert([message])])
            return nil
        }
    }
}
