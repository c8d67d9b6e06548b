import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform

/// The options that choose dead letters, the same for every verb.
enum DeadLetterOptions {
    static let queue = Option<String>("queue", "QUEUE", "Only of this queue")
    static let text = Option<String>("filter", "TEXT", "Only with this text in the error, an id, the key or the body")
    static let group = Option<String>("group", "GROUP", "Only of this kind of failure, as groups shows it")
    static let type = Option<String>("type", "TYPE", "Only with this error type")
    static let since = Option<Instant>("since", "TIME", "Only what has died since: 2h, or a date and time")
    static let state = Option<DeadLetter.State>("state", "STATE", "In this state").defaulting(to: .dead)

    static let all: [any Parameter] = [queue, text, group, type, since]

    static func filter(_ invocation: Invocation, state: DeadLetter.State = .dead) throws -> DeadLetterFilter {
        DeadLetterFilter(
            queue: invocation[queue].map { QueueName.origin(ofDeadLetterQueue: $0) ?? $0 },
            group: invocation[group],
            errorType: invocation[type],
            since: invocation[since]?.microseconds,
            text: invocation[text],
            state: state
        )
    }
}

/// A time in the past: how long ago, or ISO 8601.
struct Instant: TextValue {
    /// Since 1970.
    let microseconds: Int64
    let text: String

    init?(text: String) {
        if let ago = Duration(text: text) {
            microseconds = WallClock.microseconds() - ago.milliseconds * 1_000
        } else if let time = EventTime.parse(text) {
            microseconds = time
        } else {
            return nil
        }
        self.text = text
    }

    static var expectation: String { "a time such as 30m, 2h, 2026-01-30 or 2026-01-30T03:00:00Z" }
}

extension DeadLetter.State: TextValue {}
