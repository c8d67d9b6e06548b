import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla cron`: jobs that are enqueued again and again.
enum CronCommands {
    private static let name = Argument<String>("NAME", "The entry's name")
    private static let note = Option<String>("note", "TEXT", "Why; shown with the entry")
    private static let overlap = Option<CronOverlap>("overlap", "RULE", "In place of the entry's rule")
    private static let from = Option<String>("from", "TIME", "The first nominal time may be this one")
    private static let to = Option<String>("to", "TIME", "The last nominal time may be this one (default now)")
    private static let limit = Option<Int>("limit", "NUMBER", "More runs than that are refused, 1 to 1000")
        .defaulting(to: 100)

    static let all = Command(
        "cron",
        "Shows jobs that are enqueued again and again, and runs them by hand",
        verbs: [list, show, pause, resume, trigger, backfill]
    )

    private static let list = Command(
        "list",
        "Lists cron entries with their next runs",
        takes: [OutputFormat.option],
        details: "NEXT is what clocks of the entry's zone show. Runs are missed while no worker process runs.",
        examples: ["flotilla cron list", "flotilla cron list --output json"]
    ) { invocation in
        let records = try await invocation.configuration().withPostgres { pool in try await CronStore(pool).list() }
        let console = invocation.console
        if invocation[OutputFormat.option] == .json {
            console.print(json: "[" + records.map { $0.json(mask: .off) }.joined(separator: ",\n ") + "]")
        } else {
            let table = CronTable.list(records)
            console.print(table.rendered(width: console.width, colours: console.hasColours))
        }
        return .done
    }

    private static let show = Command(
        "show",
        "Shows a cron entry with its next runs",
        takes: [name, OutputFormat.option],
        examples: ["flotilla cron show nightly-report", "flotilla cron show nightly-report --output json"]
    ) { invocation in
        try await invocation.configuration().withPostgres { pool in try await show(invocation[name], invocation, pool) }
        return .done
    }

    private static let pause = Command(
        "pause",
        "Has a cron entry run no more until it is resumed",
        takes: [name, note, OutputFormat.option],
        examples: ["flotilla cron pause nightly-report --note 'the provider is down'"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let event = OperatorEvent("cron.pause", of: invocation[name], because: invocation[note])
        let record = [event.statement(configuration)]
        try await withEntries(invocation) { pool in
            let isChanged = try await CronStore(pool).pause(
                invocation[name],
                by: actor,
                note: invocation[note],
                at: WallClock.microseconds(),
                record: record
            )
            if !isChanged { invocation.console.note("It was paused already, and stays as it was.") }
            try await show(invocation[name], invocation, pool)
        }
        return .done
    }

    private static let resume = Command(
        "resume",
        "Has a cron entry run again, from now on",
        takes: [name, OutputFormat.option],
        details: "What was due while it was paused is neither run nor missed; see flotilla cron backfill.",
        examples: ["flotilla cron resume nightly-report"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let record = [OperatorEvent("cron.resume", of: invocation[name]).statement(configuration)]
        try await withEntries(invocation) { pool in
            let isChanged = try await CronStore(pool).resume(
                invocation[name],
                at: WallClock.microseconds(),
                record: record
            )
            if !isChanged { invocation.console.note("It was not paused.") }
            try await show(invocation[name], invocation, pool)
        }
        return .done
    }

    private static let trigger = Command(
        "trigger",
        "Has a cron entry run now, paused or not",
        takes: [name, overlap, OutputFormat.option],
        details: "While an earlier run is unfinished the entry's rule holds: skip, buffer_one, allow or cancel_other.",
        examples: ["flotilla cron trigger nightly-report", "flotilla cron trigger nightly-report --overlap allow"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let routing = try configuration.topology().jobRouting
        let record = [OperatorEvent("cron.trigger", of: invocation[name]).statement(configuration)]
        try await withEntries(invocation) { pool in
            let job = try await CronRuns(pool, routing: routing).trigger(
                invocation[name],
                by: actor,
                at: WallClock.microseconds(),
                overlap: invocation[overlap],
                record: record
            )
            if invocation[OutputFormat.option] == .json {
                invocation.console.print(json: "{\"jobId\":\(job.json)}")
            } else {
                invocation.console.print("Enqueued the job \(job); follow it with flotilla job get \(job)")
            }
        }
        return .done
    }

    private static let backfill = Command(
        "backfill",
        "Enqueues the runs that a schedule had between two times",
        takes: [name, from, to, limit, OutputFormat.option],
        details: """
            Nominal times that have their job already are left out. The runs come one after the other, unless the entry's \
            overlap is allow.
            """,
        examples: [
            "flotilla cron backfill nightly-report --from 2026-03-01T00:00:00Z",
            "flotilla cron backfill hourly --from 2026-03-01T00:00:00Z --to 2026-03-07T23:59:59Z --limit 200",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let routing = try configuration.topology().jobRouting
        guard let word = invocation[from] else { throw UsageError("--from is missing") }
        let now = WallClock.microseconds()
        let (start, end) = (try time(word, "from"), try invocation[to].map { try time($0, "to") } ?? now)
        guard start <= end else { throw UsageError("--to is before --from") }
        guard (1...CronRuns.mostRuns).contains(invocation[limit]) else {
            throw UsageError("--limit is from 1 to \(CronRuns.mostRuns)")
        }
        let record = [OperatorEvent("cron.backfill", of: invocation[name]).statement(configuration)]
        try await withEntries(invocation) { pool in
            let done = try await CronRuns(pool, routing: routing).backfill(
                invocation[name],
                from: start,
                to: end,
                by: actor,
                at: now,
                limit: invocation[limit],
                record: record
            )
            if invocation[OutputFormat.option] == .json {
                let ids = done.jobs.map(\.json).joined(separator: ",")
                invocation.console.print(json: "{\"jobIds\":[\(ids)],\"existing\":\(done.existing)}")
            } else {
                let known = done.existing > 0 ? "; \(done.existing.counted("run")) had a job already" : ""
                invocation.console.print("Enqueued \(done.jobs.count.counted("job"))\(known)")
            }
        }
        return .done
    }

    private static var actor: String { "cli:\(OperatorName.current)" }

    private static func show(_ name: String, _ invocation: Invocation, _ pool: PostgresPool) async throws {
        guard let record = try await CronStore(pool).get(name) else { throw missing(CronError.unknown(name)) }
        let console = invocation.console
        let upcoming = record.upcoming(5, after: WallClock.microseconds())
        if invocation[OutputFormat.option] == .json {
            console.print(json: record.json(mask: .off, upcoming: upcoming))
        } else {
            console.print(CronTable.details(record, upcoming).rendered(colours: console.hasColours))
        }
    }

    /// Lends a pool, and says errors of entries as a command does.
    private static func withEntries(
        _ invocation: Invocation,
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        do {
            try await invocation.configuration().withPostgres(body)
        } catch let error as CronError { throw missing(error) }
    }

    private static func missing(_ error: CronError) -> CommandError {
        let remedy: String? =
            switch error.code {
            case .unknown: "see flotilla cron list"
            case .fromFile: nil
            case .unfinished: "add --overlap allow, or see flotilla job list"
            case .tooMany: "ask for a shorter time, or raise --limit"
            case .unreadable: "declare it anew"
            }
        return CommandError(error.detail, remedy: remedy)
    }

    private static func time(_ word: String, _ option: String) throws(UsageError) -> Int64 {
        guard let time = EventTime.parse(word) else {
            throw UsageError("--\(option): “\(word)” is no time; write one such as 2026-03-01T00:00:00Z")
        }
        return time
    }
}

extension CronOverlap: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
    package var text: String { rawValue }
}
