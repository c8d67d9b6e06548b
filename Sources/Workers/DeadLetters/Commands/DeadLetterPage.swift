import FlotillaCommandLineKit
import FlotillaModels
import FlotillaOperations
import FlotillaPlatform

/// A dead letter with everything there is to know, for a person.
enum DeadLetterPage {
    static func text(_ filed: FiledDeadLetter, colours: Bool) -> String {
        let letter = filed.letter
        let original = letter.original
        let rows: [(String, String?)] = [
            ("id", String(filed.filing.id)), ("state", filed.filing.state.rawValue), ("queue", letter.queue),
            ("event", letter.event), ("error", "\(letter.failure.type): \(letter.failure.message)"),
            ("group", letter.fingerprint), ("attempts", String(letter.attempts)), ("worker", letter.worker),
            ("first failed", letter.firstFailedAt.map { WallClock.iso8601($0) }),
            ("last failed", letter.lastFailedAt.map { WallClock.iso8601($0) }),
            ("dead since", WallClock.iso8601(filed.filing.deadAt)),
            ("exchange", letter.exchange.isEmpty ? "(default)" : letter.exchange), ("routing key", letter.routingKey),
            ("message id", letter.messageID), ("correlation id", letter.correlationID), ("job", letter.jobID),
            ("replay of", letter.replayOf.map { String($0) }), ("operation", letter.replayOperationID),
            ("properties", MessageJSON.text(original.properties)), ("headers", MessageJSON.text(original.headers)),
            ("body", "\(original.body.count) bytes"),
        ]
        let table = Table(["field", "value"], rows.compactMap { name, value in value.map { [name, $0] } })
        let body = BodyText.lines(of: original.body).map { "  " + $0 }
        return table.rendered(colours: colours) + "\n" + body.joined(separator: "\n") + "\n"
    }
}
