package import FlotillaModels
package import FlotillaStorage

/// Takes events in: those of concurrent requests are written into the outbox with one commit.
package final class EventIntake: Sendable {
    private let group: GroupCommit<OutgoingMessage, Void>

    package init(_ pool: PostgresPool) {
        group = GroupCommit(failsAllItems: failsAllItems) { batch in
            _ = try await pool.query(Outbox.insert(batch))
            return batch.map { _ in }
        }
    }

    /// Returns once the message is committed; the outbox relay publishes it.
    package func publish(_ message: OutgoingMessage) async throws { try await group.submit(message) }
}
