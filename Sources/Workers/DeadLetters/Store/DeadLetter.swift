import FlotillaMessaging
package import FlotillaModels

/// A message that failed for good, as it is filed in Postgres. Times are microseconds since 1970.
package struct DeadLetter: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable {
        case dead, requeued, archived, purged
    }

    /// Where a dead letter is filed, and what became of it since.
    package struct Filing: Sendable, Hashable {
        package var id: Int64
        package var state: State
        package var deadAt: Int64
        package var changedAt: Int64
    }

    /// The queue whose worker could not handle it.
    package var queue: String
    /// The event's name, as the worker sees it.
    package var event: String
    /// The exchange and the key by which the publisher sent it.
    package var exchange: String
    package var routingKey: String
    /// As it lay in the dead-letter queue.
    package var message: Message
    package var failure: Failure
    package var fingerprint: String
    /// Executions that failed; for what the broker dead-lettered, deliveries that it counted.
    package var attempts: Int
    /// The process that saw the last failure; `nil` when the broker dead-lettered it.
    package var worker: String?
    package var firstFailedAt: Int64?
    package var lastFailedAt: Int64?
    /// The dead letter of which this is a replay, and the operation that replayed it.
    package var replayOf: Int64?
    package var replayOperationID: String?
    package var isEdited: Bool

    package var messageID: String? { message.properties.messageID }
    package var correlationID: String? { message.properties.correlationID }
    package var jobID: String? { message.headers[FleetHeader.jobID]?.text }

    /// The message as its publisher made it.
    package var original: Message {
        var original = Republication.restore(message)
        for name in [FleetHeader.replayOf, FleetHeader.replayOperationID, FleetHeader.edited] {
            original.headers[name] = nil
        }
        return original
    }
}
