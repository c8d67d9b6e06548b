import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage

/// `/api/v1/cron`: jobs that are enqueued again and again.
struct CronRoutes: Sendable {
    private enum Body {
        static let note = Field.optional("note", .string(length: 1...500), "Why; shown with the entry.")
        static let pause: Fields = [note]
        static let from = Field.required("from", .timestamp, "The first nominal time may be this one.")
        static let to = Field.required(
            "to",
            .timestamp,
            "The last nominal time may be this one; none is later than now."
        )
        static let limit = Field.optional(
            "limit",
            .integer(1...CronRuns.mostRuns),
            "More runs than that are refused; 100 unless given."
        )
        static let backfill: Fields = [from, to, limit]
    }

    private enum Query {
        static let overlap = Field.optional(
            "overlap",
            .choice(CronOverlap.allCases.map(\.rawValue)),
            "In place of the entry's rule."
        )
    }

    private static let name = Field.required("name", .string(length: 1...80, pattern: "^[a-z0-9._-]+$"), "The entry.")
    /// What `GET` of one entry shows of the times to come.
    private static let shownTimes = 5

    private let store: CronStore
    private let runs: CronRuns
    private let types: [String]
    private let rules: IntakeRules
    private let messages: MessageCatalog
    private let topic: String

    init(_ context: APIContext) {
        store = CronStore(context.postgres)
        runs = CronRuns(context.postgres, routing: context.topology.jobRouting)
        types = context.topology.jobTypes.sorted()
        rules = context.rules
        messages = context.messages
        topic = context.topology.events.name
    }

    var routes: [Route] { reading + declaring + running }

    private var reading: [Route] {
        [
            Route(
                "GET",
                "/api/v1/cron",
                access: .scope(.read),
                summary: "All cron entries, by name, without their payloads.",
                answers: [.of(200, "The entries.", Schemas.cronEntries)],
                handler: list
            ),
            Route(
                "GET",
                "/api/v1/cron/{name}",
                access: .scope(.read),
                summary:
                    "A cron entry, with the next five times of its schedule. The payload is shown with read:personal.",
                parameters: [Self.name],
                answers: [.of(200, "The entry.", Schemas.cronEntry), .of(404, "There is no such entry.")],
                handler: get
            ),
        ]
    }

    private var declaring: [Route] {
        [
            Route(
                "PUT",
                "/api/v1/cron/{name}",
                access: .scope(.operate),
                summary: "Declare a cron entry, or change it. It needs a grant for the jobs' type as well.",
                about: """
                    A changed schedule or zone counts from now on. An entry that is paused stays so. Entries of `queues.yaml` are \
                    changed there.
                    """,
                body: CronEntryBody.fields,
                examples: [
                    (
                        "nightly",
                        """
                        {"type":"audit.write","schedule":"30 2 * * *","zone":"Europe/Berlin","payload":{"action":"CHECK"},\
                        "overlap":"skip","catchUp":"1h","jitter":"30s"}
                        """
                    )
                ],
                parameters: [Self.name],
                answers: [
                    .of(200, "The entry.", Schemas.cronEntry),
                    .of(403, "The caller has no grant for the type, or it is the fleet's own."),
                    .of(409, "The entry is one of queues.yaml (from_file)."),
                ],
                handler: put
            ),
            Route(
                "DELETE",
                "/api/v1/cron/{name}",
                access: .scope(.operate),
                summary: "Remove a cron entry. Its jobs stay, also those that wait.",
                parameters: [Self.name],
                answers: [
                    .of(200, "The entry as it was.", Schemas.cronEntry), .of(404, "There is no such entry."),
                    .of(409, "The entry is one of queues.yaml (from_file)."),
                ],
                handler: delete
            ),
        ]
    }

    private var running: [Route] {
        [
            Route(
                "POST",
                "/api/v1/cron/{name}/pause",
                access: .scope(.operate),
                summary: "Have a cron entry run no more until it is resumed. A second time changes nothing.",
                body: Body.pause,
                examples: [("note", #"{"note":"the provider is down"}"#)],
                parameters: [Self.name],
                answers: [.of(200, "The entry.", Schemas.cronEntry), .of(404, "There is no such entry.")],
                handler: pause
            ),
            Route(
                "POST",
                "/api/v1/cron/{name}/resume",
                access: .scope(.operate),
                summary: "Have a cron entry run again, from now on: what was due meanwhile is neither run nor missed.",
                parameters: [Self.name],
                answers: [.of(200, "The entry.", Schemas.cronEntry), .of(404, "There is no such entry.")],
                handler: resume
            ),
            Route(
                "POST",
                "/api/v1/cron/{name}/trigger",
                access: .scope(.operate),
                summary: "Have a cron entry run now, paused or not.",
                parameters: [Self.name],
                query: [Query.overlap],
                answers: [
                    .of(202, "It is enqueued; Location says where to follow it.", Schemas.cronRun, hasLocation: true),
                    .of(404, "There is no such entry."),
                    .of(409, "An earlier run is unfinished, and the rule is not to run beside it (unfinished)."),
                ],
                handler: trigger
            ),
            Route(
                "POST",
                "/api/v1/cron/{name}/backfill",
                access: .scope(.operate),
                summary: "Enqueue the runs that the schedule has between two times, but for those that have their job.",
                about: "They run one after the other, unless the entry's overlap is `allow`.",
                body: Body.backfill,
                examples: [("day", #"{"from":"2026-03-01T00:00:00Z","to":"2026-03-01T23:59:59Z","limit":24}"#)],
                parameters: [Self.name],
                answers: [
                    .of(202, "They are enqueued.", Schemas.cronBackfill), .of(404, "There is no such entry."),
                    .of(422, "There would be more than the limit (too_many), or the request has mistakes."),
                ],
                handler: backfill
            ),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        var data = JSONObject()
        data.add("items", jsons: try await store.list().map { $0.json(mask: call.mask) })
        return Envelope.success(data.closed)
    }

    private func get(_ call: Call) async throws -> HTTPResponse { try await shown(call) }

    private func put(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("name")
        let type = CronEntryBody.type(of: call)
        try rules.check(job: type, from: call.principal)
        guard types.contains(type) else {
            let known = types.isEmpty ? "none" : types.joined(separator: ", ")
            throw APIError.invalid([.init(field: "type", message: "is not known; there are \(known)")])
        }
        let entry = try CronEntryBody.entry(name, of: call)
        try messages.check(entry.payload, of: type, at: "payload")
        try await answering { try await store.put(entry, at: WallClock.microseconds(), record: record("put", call)) }
        return try await shown(call)
    }

    private func delete(_ call: Call) async throws -> HTTPResponse {
        let answer = try await shown(call)
        try await answering { try await store.delete(call.parameter("name"), record: record("delete", call)) }
        return answer
    }

    private func pause(_ call: Call) async throws -> HTTPResponse {
        let note = call.body[Body.note]
        try await answering {
            _ = try await store.pause(
                call.parameter("name"),
                by: call.caller,
                note: note,
                at: WallClock.microseconds(),
                record: record("pause", call, because: note)
            )
        }
        return try await shown(call)
    }

    private func resume(_ call: Call) async throws -> HTTPResponse {
        try await answering {
            _ = try await store.resume(
                call.parameter("name"),
                at: WallClock.microseconds(),
                record: record("resume", call)
            )
        }
        return try await shown(call)
    }

    private func trigger(_ call: Call) async throws -> HTTPResponse {
        let job = try await answering {
            try await runs.trigger(
                call.parameter("name"),
                by: call.caller,
                at: WallClock.microseconds(),
                overlap: call.query[Query.overlap].flatMap { CronOverlap(rawValue: $0) },
                record: record("trigger", call)
            )
        }
        var data = JSONObject()
        data.add("jobId", job)
        return Envelope.success(data.closed, status: 202, headers: ["Location": "/api/v1/jobs/\(job)"])
    }

    private func backfill(_ call: Call) async throws -> HTTPResponse {
        let (from, to) = (call.body.required(Body.from), call.body.required(Body.to))
        guard from.microseconds <= to.microseconds else {
            throw APIError.invalid([.init(field: "to", message: "is before from")])
        }
        let done = try await answering {
            try await runs.backfill(
                call.parameter("name"),
                from: from.microseconds,
                to: to.microseconds,
                by: call.caller,
                at: WallClock.microseconds(),
                limit: call.body[Body.limit] ?? 100,
                record: record("backfill", call)
            )
        }
        var data = JSONObject()
        data.add("jobIds", jsons: done.jobs.map(\.json))
        data.add("existing", done.existing)
        return Envelope.success(data.closed, status: 202)
    }

    /// The entry as it stands now.
    private func shown(_ call: Call) async throws -> HTTPResponse {
        let name = call.parameter("name")
        guard let found = try await store.get(name) else { throw APIError.notFound("cron entry \(name)") }
        let upcoming = found.upcoming(Self.shownTimes, after: WallClock.microseconds())
        return Envelope.success(found.json(mask: call.mask, upcoming: upcoming))
    }

    /// What the audit log is told of it.
    private func record(_ verb: String, _ call: Call, because reason: String? = nil) -> [SQLStatement] {
        let event = OperatorEvent("cron.\(verb)", of: call.parameter("name"), because: reason)
        return ReceivedRequest.current.map { [Outbox.insert([event.message(of: $0, to: topic)])] } ?? []
    }

    /// Errors of entries as answers.
    private func answering<R>(_ body: () async throws -> R) async throws -> R {
        do { return try await body() } catch let error as CronError {
            switch error.code {
            case .unknown: throw APIError(status: 404, code: "not_found", message: "\(error).".sentence)
            case .fromFile, .unfinished, .unreadable:
                throw APIError(status: 409, code: error.code.rawValue, message: "\(error).".sentence)
            case .tooMany: throw APIError(status: 422, code: error.code.rawValue, message: "\(error).".sentence)
            }
        }
    }
}

extension String {
    /// With a capital at its beginning.
    fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() }
}
