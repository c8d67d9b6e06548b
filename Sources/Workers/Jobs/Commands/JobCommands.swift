import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry

/// `flotilla job`: what became of jobs.
enum JobCommands {
    private static let id = Argument<String>("ID", "The job's id")
    private static let reason = Option<String>("reason", "TEXT", "Why; kept in the audit log")
    private static let state = Option<JobState>("state", "STATE", "Only jobs in this state")
    private static let type = Option<String>("type", "TYPE", "Only jobs of this type")
    private static let text = Option<String>("q", "TEXT", "Part of the id, type, correlation id or error")
    private static let key = Option<String>("key", "KEY", "Only jobs with this key")
    private static let batch = Option<String>("batch", "ID", "Only jobs of this batch")
    private static let correlationID = Option<String>("correlation-id", "ID", "Only jobs with this correlation id")
    private static let limit = Option<Int>("limit", "NUMBER", "How many, 1 to 500").defaulting(to: 50)

    static let all = Command(
        "job",
        "Shows jobs, cancels them, and sends dead ones back",
        verbs: [get, list, cancel, watch, JobWhyCommand.command]
    )

    private static let cancel = Command(
        "cancel",
        "Cancels a job that has had no effect yet",
        takes: [id, reason, OutputFormat.option],
        details:
            "One that waits does not start any more. The handler of one that runs is asked to end; its effect is never committed.",
        examples: ["flotilla job cancel 0193…", "flotilla job cancel 0193… --reason 'ordered twice'"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let id = invocation[id].lowercased()
        let event = OperatorEvent("job.cancel", of: id, because: invocation[reason])
        let record = [event.statement(configuration)]
        let reason = invocation[reason]
        let (isCancelled, found) = try await configuration.withPostgres { pool in
            let jobs = Jobs(pool)
            return (try await jobs.cancel(id, because: reason, record: record) != nil, try await jobs.get(id))
        }
        guard let job = found else { throw CommandError("there is no job \(id)", remedy: "see flotilla job list") }
        guard isCancelled || job.state == .cancelled || job.state == .cancelling else {
            throw CommandError(
                "the job is \(job.state.rawValue), or its effect is committed: it can't be cancelled any more",
                remedy: "see flotilla job get \(id)"
            )
        }
        try show([job], in: invocation)
        return .done
    }

    private static let watch = Command(
        "watch",
        "Shows how far a job is until it has ended",
        takes: [id, OutputFormat.option],
        details: "The exit code is 0 when it has succeeded, and 1 otherwise.",
        examples: ["flotilla job watch 0193…"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let id = invocation[id].lowercased()
        let redis = try configuration.redis().map { RedisClient($0, name: "flotilla command") }
        let states = redis.flatMap { JobStates($0, metrics: Metrics()) }
        let ended = try await configuration.withPostgres { pool in
            var shown = ""
            while true {
                let live = await states?.read(id)
                guard let job = try await Jobs(pool).get(id) else {
                    throw CommandError("there is no job \(id)", remedy: "see flotilla job list")
                }
                let now = job.merged(with: live)
                let progress = now.live?.progress.map { ", \($0) % \(now.live?.progressMessage ?? "")" } ?? ""
                let line = "\(now.state.rawValue), attempt \(now.attempts)\(progress)"
                if line != shown { invocation.console.note("\(WallClock.iso8601()) \(line)") }
                shown = line
                if job.state.isFinal { return job }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        await redis?.close()
        try show([ended], in: invocation)
        return ended.state == .succeeded ? .done : .failed
    }

    private static let get = Command(
        "get",
        "Shows a job with its payload, how far it is, and what comes before and after it",
        takes: [id, OutputFormat.option],
        examples: ["flotilla job get 0193…", "flotilla job get 0193… --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let id = invocation[id].lowercased()
        let redis = try configuration.redis().map { RedisClient($0, name: "flotilla command") }
        // Redis first: a final state there was committed before, so that the record read next has it too.
        let live = await redis.flatMap { JobStates($0, metrics: Metrics()) }?.read(id)
        await redis?.close()
        let (found, neighbours) = try await configuration.withPostgres { pool in
            (try await Jobs(pool).get(id), try await JobNeighbours(of: id, in: pool))
        }
        guard let job = found else { throw CommandError("there is no job \(id)", remedy: "see flotilla job list") }
        let console = invocation.console
        if invocation[OutputFormat.option] == .json {
            console.print(json: job.json(live: live, withPayload: true, mask: .off, after: neighbours.json))
        } else {
            console.print(details(of: job, live).rendered(colours: console.hasColours))
            if !neighbours.isEmpty {
                console.print("")
                console.print(table(of: neighbours).rendered(width: console.width, colours: console.hasColours))
            }
        }
        return .done
    }

    private static let list = Command(
        "list",
        "Lists jobs, the newest first",
        takes: [state, type, key, batch, correlationID, text, limit, OutputFormat.option],
        examples: ["flotilla job list --state dead", "flotilla job list --type audit.write --limit 10 --output json"]
    ) { invocation in
        guard (1...500).contains(invocation[limit]) else { throw UsageError("--limit is from 1 to 500") }
        let jobs = try await invocation.configuration().withPostgres { pool in
            var filter = JobFilter()
            filter.state = invocation[state]
            filter.types = invocation[type].map { [$0] } ?? []
            filter.key = invocation[key]
            filter.batch = invocation[batch]?.lowercased()
            filter.correlationID = invocation[correlationID]
            filter.text = invocation[text]
            filter.limit = invocation[limit]
            return try await Jobs(pool).list(filter)
        }
        try show(jobs, in: invocation)
        return .done
    }

    static func show(_ jobs: [Job], in invocation: Invocation) throws {
        let console = invocation.console
        if invocation[OutputFormat.option] == .json {
            let items = jobs.map { $0.json(live: nil, withPayload: false, mask: .off) }
            console.print(json: "[" + items.joined(separator: ",\n ") + "]")
        } else {
            let table = Table(
                ["id", "type", "state", "attempts", "enqueued", "error"],
                jobs.map { job in
                    [
                        .init(job.id), .init(job.type), .init(job.state.rawValue, job.state.style),
                        .init(String(job.attempts)), .init(WallClock.iso8601(job.enqueuedAt)),
                        .init(job.errorMessage ?? ""),
                    ]
                }
            )
            console.print(table.rendered(width: console.width, colours: console.hasColours))
        }
    }

    private static func table(of neighbours: JobNeighbours) -> Table {
        func rows(_ place: String, _ all: [JobNeighbours.Neighbour]) -> [[Table.Cell]] {
            all.map {
                [.init(place), .init($0.id), .init($0.what), .init($0.state, JobState(rawValue: $0.state)?.style)]
            }
        }
        return Table(
            ["place", "id", "what", "state"],
            rows("before it", neighbours.predecessors) + rows("after it", neighbours.successors)
        )
    }

    private static func details(of job: Job, _ live: JobSnapshot?) -> Table {
        let shown = job.merged(with: live)
        let rows: [(String, String?)] = [
            ("id", job.id), ("type", job.type), ("state", shown.state.rawValue), ("attempts", String(shown.attempts)),
            ("progress", shown.live?.progress.map { "\($0) % \(shown.live?.progressMessage ?? "")" }),
            ("worker", shown.live?.worker), ("last error", shown.live?.lastError),
            ("error", job.errorType.map { "\($0): \(job.errorMessage ?? "")" }),
            ("result", job.result), ("correlation id", job.correlationID), ("created by", job.createdBy),
            ("batch", job.batch), ("key", job.key), ("cron entry", job.cronName), ("reason", job.reason),
            ("expires", job.expiresAt.map { WallClock.iso8601($0) }),
            ("scheduled", job.scheduledAt.map { WallClock.iso8601($0) }),
            ("enqueued", WallClock.iso8601(job.enqueuedAt)),
            ("started", job.startedAt.map { WallClock.iso8601($0) }),
            ("finished", job.finishedAt.map { WallClock.iso8601($0) }),
            ("payload", String(decoding: job.payload.prefix(2_000), as: UTF8.self)),
        ]
        return Table(["field", "value"], rows.compactMap { name, value in value.map { [name, $0] } })
    }
}

extension JobState: TextValue {
    package init?(text: String) { self.init(rawValue: text) }
    package static var expectation: String { "one of \(allCases.map(\.rawValue).joined(separator: ", "))" }
    package var text: String { rawValue }

    fileprivate var style: Style? {
        switch self {
        case .succeeded: .green
        case .retrying: .yellow
        case .dead: .red
        default: nil
        }
    }
}
