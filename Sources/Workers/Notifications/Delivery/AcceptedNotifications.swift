import FlotillaStorage
import Workers
import Synchronization

/// What providers have accepted and no record says yet, because Postgres was away at that moment.
///
/// It is recorded as soon as Postgres is back, and not given to a provider again while this process lives.
final class AcceptedNotifications: Sendable {
    private struct Entry {
        let outcome: NotificationOutcome
        /// Whether a task of ours tries to record it.
        var isBeingRecorded = false
    }

    /// Soon enough to be before any other process, which has to wait for the end of the lease.
    private static let interval = Duration.milliseconds(250)

    private let recordTimeout: Duration
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameter recordTimeout: how long a delivery waits for the record before it steps aside until Postgres is
    ///   back.
    init(recordTimeout: Duration) { self.recordTimeout = recordTimeout }

    /// Whether it was accepted, and waits for its record.
    func contains(_ id: String) -> Bool { entries.withLock { $0[id] != nil } }

    /// Records that a provider has accepted a notification, however long that takes.
    ///
    /// - Throws: when it is still to be recorded: `DependencyOutage` while a task goes on trying, or why Postgres refuses
    ///   the record.
    func record(_ outcome: NotificationOutcome, in context: MessageContext) async throws {
        entries.withLock { $0[outcome.notificationID] = Entry(outcome: outcome) }
        try await record(outcome.notificationID, in: context)
    }

    /// Records what was accepted before.
    func record(_ id: String, in context: MessageContext) async throws {
        guard let outcome = entries.withLock({ $0[id].flatMap { $0.isBeingRecorded ? nil : $0.outcome } }) else {
            return try await wait(for: id)
        }
        do {
            try await commit(outcome, in: context)
        } catch {
            // Cancelled as well: what a provider has taken is no question of time.
            guard let error = error as? PostgresError, error.isRetriable || error.code == .cancelled else {
                throw error
            }
            recordLater(outcome, in: context)
            try await wait(for: id)
        }
    }

    private func commit(_ outcome: NotificationOutcome, in context: MessageContext) async throws {
        try await context.transaction { transaction in
            try await transaction.execute(DeliveryStatements.sent(outcome))
            transaction.publish(outcome.event)
        }
        entries.withLock { $0[outcome.notificationID] = nil }
    }

    /// In a task of its own, which no time limit of a handler ends.
    private func recordLater(_ outcome: NotificationOutcome, in context: MessageContext) {
        let id = outcome.notificationID
        entries.withLock { $0[id]?.isBeingRecorded = true }
        Task {
            while true {
                try? await Task.sleep(for: Self.interval)
                do {
                    return try await commit(outcome, in: context)
                } catch {
                    guard (error as? PostgresError)?.isRetriable == true else { break }
                }
            }
            entries.withLock { $0[id]?.isBeingRecorded = false }
        }
    }

    private func wait(for id: String) async throws {
        let deadline = ContinuousClock.now + recordTimeout
        while contains(id), .now < deadline, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(50)) }
        guard contains(id) else { return }
        throw DependencyOutage(.postgres, reason: "a provider has accepted the notification, its record waits")
    }
}
