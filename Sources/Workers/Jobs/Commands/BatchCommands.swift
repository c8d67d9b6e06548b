import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla batch`: many jobs as one.
enum BatchCommands {
    private static let id = Argument<String>("ID", "The batch's id")
    private static let name = Option<String>("name", "TEXT", "What it is for")
    private static let reason = Option<String>("reason", "TEXT", "Why; kept with each job and in the audit log")
    private static let follow = Flag("follow", "Shows the progress until the batch is complete")
    private static let limit = Option<Int>("limit", "NUMBER", "How many, 1 to 500").defaulting(to: 50)

    static let all = Command(
        "batch",
        "Makes, shows and cancels batches of jobs",
        verbs: [create, show, list, close, cancel]
    )

    private static let create = Command(
        "create",
        "Makes an open batch, and prints its id",
        takes: [name, OutputFormat.option],
        details: "Add jobs with flotilla enqueue --batch ID, and close it.",
        examples: ["flotilla batch create --name 'invoices of May'"]
    ) { invocation in
        let batch = try await invocation.configuration().withPostgres { pool in
            try await JobBatches(pool).create(
                name: invocation[name],
                createdBy: "cli:\(OperatorName.current)",
                correlationID: nil
            )
        }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(json: batch.json)
        } else {
            invocation.console.print(batch.id)
        }
        return .done
    }

    private static let show = Command(
        "show",
        "Shows a batch, and how many of its jobs are in each state",
        takes: [id, follow, OutputFormat.option],
        examples: ["flotilla batch show 0193…", "flotilla batch show 0193… --follow"]
    ) { invocation in
        let id = invocation[id].lowercased()
        let batch = try await invocation.configuration().withPostgres { pool in
            let batches = JobBatches(pool)
            var found = try await batches.get(id)
            while invocation[follow], let batch = found, batch.completedAt == nil {
                invocation.console.note("\(batch.ended) of \(batch.total) jobs have ended")
                try await Task.sleep(for: .seconds(1))
                found = try await batches.get(id)
            }
            return found
        }
        try shown(batch, id, in: invocation)
        return .done
    }

    private static let list = Command(
        "list",
        "Lists batches, the newest first",
        takes: [limit, OutputFormat.option],
        examples: ["flotilla batch list", "flotilla batch list --limit 10 --output json"]
    ) { invocation in
        guard (1...500).contains(invocation[limit]) else { throw UsageError("--limit is from 1 to 500") }
        let batches = try await invocation.configuration().withPostgres { pool in
            try await JobBatches(pool).list(limit: invocation[limit])
        }
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(json: "[" + batches.map(\.json).joined(separator: ",\n ") + "]")
            return .done
        }
        let table = Table(
            ["id", "state", "created", "completed", "name"],
            batches.map { batch in
                [
                    .init(batch.id), .init(batch.stage, batch.style), .init(WallClock.iso8601(batch.createdAt)),
                    .init(batch.completedAt.map { WallClock.iso8601($0) } ?? "–"), .init(batch.name ?? ""),
                ]
            }
        )
        invocation.console.print(
            table.rendered(width: invocation.console.width, colours: invocation.console.hasColours)
        )
        return .done
    }

    private static let close = Command(
        "close",
        "Closes a batch: it is complete once all of its jobs have ended",
        takes: [id, OutputFormat.option],
        details: "From then on only a job of the batch that runs may add jobs to it.",
        examples: ["flotilla batch close 0193…"]
    ) { invocation in
        let id = invocation[id].lowercased()
        let batch = try await invocation.configuration().withPostgres { pool in
            let batches = JobBatches(pool)
            _ = try await batches.close(id)
            return try await batches.get(id)
        }
        try shown(batch, id, in: invocation)
        return .done
    }

    private static let cancel = Command(
        "cancel",
        "Closes a batch, and cancels its jobs that have had no effect yet",
        takes: [id, reason, OutputFormat.option],
        details: "Those that run are asked to end: their effects are never committed.",
        examples: ["flotilla batch cancel 0193… --reason 'wrong month'"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let id = invocation[id].lowercased()
        let event = OperatorEvent("batch.cancel", of: id, because: invocation[reason])
        let record = [event.statement(configuration)]
        let batch = try await configuration.withPostgres { pool in
            guard try await JobBatches(pool).get(id) != nil else { return nil as JobBatch? }
            let count = try await BatchCancellation(pool).cancel(id, because: invocation[reason], record: record) {
                invocation.console.note("\($0) jobs are cancelled so far")
            }
            invocation.console.note("\(count) jobs are cancelled.")
            return try await JobBatches(pool).get(id)
        }
        try shown(batch, id, in: invocation)
        return .done
    }

    private static func shown(_ batch: JobBatch?, _ id: String, in invocation: Invocation) throws {
        guard let batch else { throw CommandError("there is no batch \(id)", remedy: "see flotilla batch list") }
        let console = invocation.console
        guard invocation[OutputFormat.option] != .json else { return console.print(json: batch.json) }
        var rows: [[String]] = [["id", batch.id]]
        if let name = batch.name { rows.append(["name", name]) }
        rows.append(["state", batch.stage])
        rows.append(["ended", "\(batch.ended) of \(batch.total)"])
        for state in JobState.allCases {
            if let count = batch.counts[state] { rows.append([state.rawValue, String(count)]) }
        }
        let times = [("closed", batch.closedAt), ("completed", batch.completedAt), ("succeeded", batch.succeededAt)]
        rows.append(["created", WallClock.iso8601(batch.createdAt)])
        for (name, time) in times { if let time { rows.append([name, WallClock.iso8601(time)]) } }
        console.print(Table(["field", "value"], rows).rendered(colours: console.hasColours))
    }
}

extension JobBatch {
    fileprivate var style: Style? {
        switch stage {
        case "complete": succeededAt == nil ? .yellow : .green
        default: nil
        }
    }
}
