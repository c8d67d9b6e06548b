import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOperations

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

    /// A queue is mistyped more easily than it is without dead letters. One that has left queues.yaml may have some.
    static func check(_ queue: String?, in store: DeadLetterStore, _ invocation: Invocation) async throws {
        guard let queue else { return }
        let known = try invocation.configuration().topology().queues.map(\.name)
        guard !known.contains(queue) else { return }
        guard try await store.count(DeadLetterFilter(queue: queue, state: nil)).count == 0 else { return }
        let alike = known.filter { name in
            name.contains(queue) || name.split(separator: ".").first == queue.split(separator: ".").first
        }
        throw CommandError(
            "there is no queue \(queue)" + Suggestion.text(for: queue, among: known),
            remedy: alike.isEmpty ? "see flotilla queue list" : "there are \(alike.joined(separator: ", "))"
        )
    }
}

extension DeadLetter.State: TextValue {}
