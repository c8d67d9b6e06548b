import FlotillaCommandLineKit
import FlotillaModels
import FlotillaOperations
import FlotillaPlatform

/// A dead letter with everything there is to know, for a person.
enum DeadLetterPage {
    static func text(_ stored: StoredDeadLetter, colours: Bool) -> String {
        let deadLetter = stored.deadLetter
        let original = deadLetter.original
        let rows: [(String, String?)] = [
            ("id", String(stored.filing.id)), ("state", stored.filing.state.rawValue), ("queue", deadLetter.queue),
            ("event", deadLetter.event), ("error", "\(deadLetter.failure.type): \(deadLetter.failure.message)"),
            ("group", deadLetter.fingerprint), ("attempts", String(deadLetter.attempts)), ("worker", deadLetter.worker),
            ("first failed", deadLetter.firstFailedAt.map { WallClock.iso8601($0) }),
            ("last failed", deadLetter.lastFailedAt.map { WallClock.iso8601($0) }),
            ("dead since", WallClock.iso8601(stored.filing.deadAt)),
            ("exchange", deadLetter.exchange.isEmpty ? "(default)" : deadLetter.exchange),
            ("routing key", deadLetter.routingKey),
            ("message id", deadLetter.messageID), ("correlation id", deadLetter.correlationID),
            ("job", deadLetter.jobID),
            ("replay of", deadLetter.replayOf.map { String($0) }), ("operation", deadLetter.replayOperationID),
            ("properties", MessageJSON.text(original.properties)), ("headers", MessageJSON.text(original.headers)),
            ("body", "\(original.body.count) bytes"),
        ]
        let table = Table(["field", "value"], rows.compactMap { name, value in value.map { [name, $0] } })
        let body = BodyText.lines(of: original.body).map { "  " + $0 }
        return table.rendered(colours: colours) + "\n" + body.joined(separator: "\n") + "\n"
    }
}
