import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform

/// A dead letter as `--output json` shows it.
struct DeadLetterSummary: Encodable {
    let id: Int64
    let state: String
    let queue: String
    let event: String
    let exchange: String
    let routingKey: String
    let messageId: String?
    let correlationId: String?
    let jobId: String?
    let errorType: String
    let errorMessage: String
    let group: String
    let attempts: Int
    let worker: String?
    let firstFailedAt: String?
    let lastFailedAt: String?
    let deadAt: String
    let replayOf: Int64?
    let replayOperationId: String?
    let bodyBytes: Int

    init(_ stored: StoredDeadLetter) {
        let deadLetter = stored.deadLetter
        id = stored.filing.id
        state = stored.filing.state.rawValue
        (queue, event) = (deadLetter.queue, deadLetter.event)
        (exchange, routingKey) = (deadLetter.exchange, deadLetter.routingKey)
        (messageId, correlationId, jobId) = (deadLetter.messageID, deadLetter.correlationID, deadLetter.jobID)
        (errorType, errorMessage) = (deadLetter.failure.type, deadLetter.failure.message)
        (group, attempts, worker) = (deadLetter.fingerprint, deadLetter.attempts, deadLetter.worker)
        firstFailedAt = deadLetter.firstFailedAt.map { WallClock.iso8601($0) }
        lastFailedAt = deadLetter.lastFailedAt.map { WallClock.iso8601($0) }
        deadAt = WallClock.iso8601(stored.filing.deadAt)
        (replayOf, replayOperationId) = (deadLetter.replayOf, deadLetter.replayOperationID)
        bodyBytes = deadLetter.message.body.count
    }

    /// The summary, and with it the message as its publisher made it, without loss.
    static func json(_ stored: StoredDeadLetter) throws -> String {
        let summary = try JSONText.encode(DeadLetterSummary(stored))
        return summary.dropLast(2) + ",\n  \"message\" : " + MessageJSON.text(stored.deadLetter.original) + "\n}"
    }

    /// A kind of failure.
    struct Group: Encodable {
        let group: String
        let errorType: String
        let errorMessage: String
        let count: Int
        let queues: [String]
        let first: String?
        let last: String?
        let sample: Int64

        init(_ group: DeadLetterStore.Group) {
            self.group = group.fingerprint
            (errorType, errorMessage) = (group.errorType, group.errorMessage)
            (count, queues, sample) = (group.count, group.queues, group.sample)
            first = group.first.map { WallClock.iso8601($0) }
            last = group.last.map { WallClock.iso8601($0) }
        }
    }

    /// What a bulk action came to.
    struct Outcome: Encodable {
        let operationId: String?
        let matched: Int
        let changed: Int
    }
}
