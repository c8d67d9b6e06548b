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

    init(_ filed: FiledDeadLetter) {
        let letter = filed.letter
        id = filed.filing.id
        state = filed.filing.state.rawValue
        (queue, event) = (letter.queue, letter.event)
        (exchange, routingKey) = (letter.exchange, letter.routingKey)
        (messageId, correlationId, jobId) = (letter.messageID, letter.correlationID, letter.jobID)
        (errorType, errorMessage) = (letter.failure.type, letter.failure.message)
        (group, attempts, worker) = (letter.fingerprint, letter.attempts, letter.worker)
        firstFailedAt = letter.firstFailedAt.map { WallClock.iso8601($0) }
        lastFailedAt = letter.lastFailedAt.map { WallClock.iso8601($0) }
        deadAt = WallClock.iso8601(filed.filing.deadAt)
        (replayOf, replayOperationId) = (letter.replayOf, letter.replayOperationID)
        bodyBytes = letter.message.body.count
    }

    /// The summary, and with it the message as its publisher made it, without loss.
    static func json(_ filed: FiledDeadLetter) throws -> String {
        let summary = try JSONText.encode(DeadLetterSummary(filed))
        return summary.dropLast(2) + ",\n  \"message\" : " + MessageJSON.text(filed.letter.original) + "\n}"
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

        init(_ group: DeadLetters.Group) {
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
