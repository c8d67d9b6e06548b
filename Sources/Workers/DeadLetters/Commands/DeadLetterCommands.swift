import FlotillaModules
package import FlotillaCommandLineKit
import FlotillaModels
import FlotillaOperations
import FlotillaPlatform
import Glibc

/// `flotilla dlq`: what failed, why, and putting it right.
package enum DeadLetterCommands {
    private static let id = Argument<Int>("ID", "The dead letter's number, as list shows it")
    private static let ids = ArgumentList<Int>("ID", "Numbers of dead letters")
    private static let peekQueue = OptionalArgument<String>("QUEUE", "A queue (default: of all)")
    private static let raw = Flag("raw", "Print the body alone, byte for byte")
    private static let limit = Option<Int>("limit", "NUMBER", "How many at the most").defaulting(to: 50)
    private static let peekLimit = Option<Int>("limit", "NUMBER", "How many of the newest").defaulting(to: 1)
    private static let bulkLimit = Option<Int>("limit", "NUMBER", "How many at the most, the oldest first")
    private static let after = Option<Int>("after", "ID", "Go on behind this one, the last of the page before")
    private static let dryRun = Flag("dry-run", "Say how many it would be, and change nothing")
    private static let yes = Flag("yes", "Do it without asking")
    private static let reason = Option<String>("reason", "TEXT", "Why; kept in the record of operators' actions")

    package static let all = Command(
        "dlq",
        "Shows dead letters, and sends them back",
        details: "Every verb first files what still lies in the dead-letter queues.",
        verbs: [list, peek, show, groups, requeue]
    )

    private static let list = Command(
        "list",
        "Lists dead letters, the newest first",
        takes: DeadLetterOptions.all + [DeadLetterOptions.state, limit, after, OutputFormat.option],
        examples: [
            "flotilla dlq list --queue audit.all", "flotilla dlq list --since 2h --filter timeout --output json",
        ]
    ) { invocation in
        let filter = try DeadLetterOptions.filter(invocation, state: invocation[DeadLetterOptions.state])
        let limit = try positive(invocation[limit])
        if let after = invocation[after], after < 1 { throw UsageError("--after is the id of a dead letter, from 1") }
        let deadLetters = try await withDeadLetters(invocation) { store in
            try await DeadLetterOptions.check(filter.queue, in: store, invocation)
            return try await store.list(filter, after: invocation[after].map { Int64($0) }, limit: limit)
        }
        let table = Table(
            ["id", "queue", "state", "attempts", "dead since", "message id", "error"],
            deadLetters.map { stored in
                [
                    String(stored.filing.id), stored.deadLetter.queue, stored.filing.state.rawValue,
                    String(stored.deadLetter.attempts), WallClock.iso8601(stored.filing.deadAt),
                    stored.deadLetter.messageID ?? "–",
                    "\(stored.deadLetter.failure.type): \(stored.deadLetter.failure.message)",
                ]
            }
        )
        try invocation.show(deadLetters.map { DeadLetterSummary($0) }, as: table)
        if deadLetters.count == limit, let last = deadLetters.last {
            invocation.console.note("There may be more: --after \(last.filing.id)")
        }
        return .done
    }

    private static let peek = Command(
        "peek",
        "Shows the newest dead letters with everything there is to know",
        takes: [peekQueue, peekLimit, raw, OutputFormat.option],
        examples: ["flotilla dlq peek audit.all", "flotilla dlq peek notification.email --limit 3"]
    ) { invocation in
        let queue = invocation[peekQueue].map { QueueName.origin(ofDeadLetterQueue: $0) ?? $0 }
        let limit = try positive(invocation[peekLimit])
        let deadLetters = try await withDeadLetters(invocation) { store in
            try await DeadLetterOptions.check(queue, in: store, invocation)
            return try await store.list(DeadLetterFilter(queue: queue), limit: limit)
        }
        try show(deadLetters, in: invocation)
        return .done
    }

    private static let show = Command(
        "show",
        "Shows one dead letter with everything there is to know",
        takes: [id, raw, OutputFormat.option],
        examples: ["flotilla dlq show 42", "flotilla dlq show 42 --raw > body"]
    ) { invocation in
        let id = Int64(invocation[id])
        guard let stored = try await withDeadLetters(invocation, { try await $0.get(id) }) else {
            throw CommandError("there is no dead letter \(id)", remedy: "see flotilla dlq list")
        }
        try show([stored], in: invocation)
        return .done
    }

    private static let groups = Command(
        "groups",
        "Counts dead letters by kind of failure",
        takes: DeadLetterOptions.all + [limit, OutputFormat.option],
        details: "Failures that differ in numbers and ids alone are of one kind.",
        examples: ["flotilla dlq groups", "flotilla dlq groups --queue audit.all --since 1d"]
    ) { invocation in
        let filter = try DeadLetterOptions.filter(invocation)
        let limit = try positive(invocation[limit])
        let groups = try await withDeadLetters(invocation) { store in
            try await DeadLetterOptions.check(filter.queue, in: store, invocation)
            return try await store.groups(filter, limit: limit)
        }
        let table = Table(
            ["group", "count", "first", "last", "sample", "queues", "error"],
            groups.map { group in
                [
                    group.fingerprint, String(group.count), group.first.map { WallClock.iso8601($0) } ?? "–",
                    group.last.map { WallClock.iso8601($0) } ?? "–", String(group.sample),
                    group.queues.joined(separator: ","), "\(group.errorType): \(group.errorMessage)",
                ]
            }
        )
        try invocation.show(groups.map { DeadLetterSummary.Group($0) }, as: table)
        return .done
    }

    private static let requeue = Command(
        "requeue",
        "Sends dead letters back to the queues where they died",
        takes: [ids] + DeadLetterOptions.all + [bulkLimit, dryRun, yes, reason, OutputFormat.option],
        details: "Their count of attempts begins anew. Name them, or choose them by options; then --yes is needed.",
        examples: [
            "flotilla dlq requeue 42", "flotilla dlq requeue --queue notification.email --dry-run",
            "flotilla dlq requeue --group 9d1c4a7be0f32215 --yes --reason 'the provider is back'",
        ]
    ) { invocation in
        var filter = try DeadLetterOptions.filter(invocation)
        let named = invocation[ids].map { Int64($0) }
        if !named.isEmpty { filter.ids = named }
        let limit = try invocation[bulkLimit].map { try positive($0) } ?? .max
        if invocation[dryRun] {
            let matched = try await withDeadLetters(invocation) { store in
                try await check(named, in: store)
                try await checkGroup(filter, in: store)
                try await DeadLetterOptions.check(filter.queue, in: store, invocation)
                return try await store.count(filter).count
            }
            let answer = DeadLetterSummary.Outcome(operationId: nil, matched: min(matched, limit), changed: 0)
            try report(
                answer,
                answer.matched.counted("would go back to its queue.", "would go back to their queues."),
                in: invocation
            )
            return .done
        }
        guard !named.isEmpty || invocation[yes] else {
            throw UsageError("this can send back many: see how many with --dry-run, then add --yes")
        }
        let action = OperatorAction("requeue", by: OperatorName.current, because: invocation[reason])
        var event = OperatorEvent("dlq.requeue", of: action.id, because: action.reason)
        event.details = [("filter", filter.json)]
        let record = [event.statement(try invocation.configuration())]
        let outcome = try await withDeadLetters(invocation) { store in
            try await check(named, in: store)
            try await checkGroup(filter, in: store)
            try await DeadLetterOptions.check(filter.queue, in: store, invocation)
            return try await store.requeue(filter, limit: limit, as: action, record: record) { step in
                invocation.console.note("  \(step.changed) of \(min(step.matched, limit))")
            }
        }
        let wanted = min(outcome.matched, limit)
        let answer = DeadLetterSummary.Outcome(
            operationId: outcome.changed == 0 ? nil : outcome.operationID,
            matched: wanted,
            changed: outcome.changed
        )
        try report(
            answer,
            "\(outcome.changed) of \(wanted) \(outcome.changed == 1 ? "goes back to its queue" : "go back to their queues").",
            in: invocation
        )
        if !named.isEmpty, outcome.changed < Set(named).count {
            throw CommandError(
                "\(Set(named).count - outcome.changed) of them are not dead (any more)",
                remedy: "see flotilla dlq show ID",
                status: outcome.changed == 0 ? .failed : .partlyDone
            )
        }
        return outcome.changed < wanted ? .partlyDone : .done
    }

    /// Of ids that never were, nothing is sent back: one of them is mistyped, and perhaps others as well.
    private static func check(_ named: [Int64], in store: DeadLetterStore) async throws {
        guard !named.isEmpty else { return }
        let wanted = Set(named)
        let found = try await store.count(DeadLetterFilter(ids: Array(wanted), state: nil)).count
        guard found < wanted.count else { return }
        var missing: [Int64] = []
        for id in wanted.sorted() where missing.count < 10 {
            if try await store.count(DeadLetterFilter(ids: [id], state: nil)).count == 0 { missing.append(id) }
        }
        throw CommandError(
            "there is no dead letter \(missing.map(String.init).joined(separator: ", "))"
                + (wanted.count > missing.count ? ": none was sent back" : ""),
            remedy: "see flotilla dlq list"
        )
    }

    /// A group is mistyped more easily than it is empty.
    private static func checkGroup(_ filter: DeadLetterFilter, in store: DeadLetterStore) async throws {
        guard let group = filter.group else { return }
        let known = try await store.count(DeadLetterFilter(group: group, state: nil)).count
        guard known > 0 else { throw CommandError("there is no group \(group)", remedy: "see flotilla dlq groups") }
    }

    private static func report(
        _ answer: DeadLetterSummary.Outcome,
        _ sentence: String,
        in invocation: Invocation
    ) throws {
        let isTable = invocation[OutputFormat.option] == .table
        invocation.console.print(isTable ? sentence : try JSONText.encode(answer))
    }

    private static func show(_ deadLetters: [StoredDeadLetter], in invocation: Invocation) throws {
        let console = invocation.console
        if invocation[raw] {
            guard deadLetters.count == 1, let body = deadLetters.first?.deadLetter.message.body else {
                throw CommandError("--raw shows one body, and there are \(deadLetters.count)", status: .wrongUse)
            }
            return Terminal.write(body, to: 1)
        }
        if invocation[OutputFormat.option] == .json {
            return console.print(
                json: "[" + (try deadLetters.map { try DeadLetterSummary.json($0) }).joined(separator: ",\n") + "]"
            )
        }
        if deadLetters.isEmpty { console.print("There is no dead letter.") }
        for stored in deadLetters { console.print(DeadLetterPage.text(stored, colours: console.hasColours)) }
    }

    private static func positive(_ number: Int) throws(UsageError) -> Int {
        guard (1...100_000).contains(number) else { throw UsageError("--limit is from 1 to 100000") }
        return number
    }
}
