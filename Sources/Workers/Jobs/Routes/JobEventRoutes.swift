package import FlotillaHTTPRouting
import FlotillaModels
package import FlotillaModules
import FlotillaStorage

/// `/api/v1/jobs/{id}/events` and `/api/v1/jobs/events`: what becomes of jobs, as it happens.
package struct JobEventRoutes: Sendable {
    private enum Query {
        static let type = Field.optional("type", .routingKey, "Only jobs of this type.")
        static let batch = Field.optional("batch", .uuid, "Only jobs of this batch.")
        static let key = Field.optional("key", .string(length: 1...128), "Only jobs with this key.")
        static let fields: Fields = [type, batch, key]
    }

    private static let lastEvent = Field.optional(
        "Last-Event-ID",
        .string(length: 1...64),
        "The id of the last event that the client has: it is not sent again."
    )
    private static let lastTime = Field.optional(
        "Last-Event-ID",
        .integer(0...Int(Int32.max) * 1_000_000),
        "The id of the last event that the client has. What has changed since is sent first."
    )

    private let access: JobAccess
    private let states: JobStates?
    private let pool: PostgresPool
    private let missed: MissedChanges
    private let streams: JobEventStream

    /// - Parameters:
    ///   - heartbeat: how often a comment is sent.
    ///   - longest: when a stream ends, for its client to go on with a new request.
    package init(_ context: APIContext, heartbeat: Duration = .seconds(15), longest: Duration = .seconds(900)) {
        access = JobAccess(Jobs(context.postgres))
        states = context.states
        pool = context.postgres
        missed = MissedChanges(context.lists, context.states)
        streams = JobEventStream(
            heartbeat: heartbeat,
            longest: longest,
            watcher: JobWatcher(context.postgres, context.states, log: context.log)
        )
    }

    /// Ends all streams.
    package func close() { streams.watcher.close() }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/jobs/{id}/events",
                access: .anyOf([.read, .enqueue]),
                summary:
                    "A job's changes as server-sent events: what it is now, its progress, and its end, which ends them.",
                about: """
                    The data of each event `job` are the job, as `GET /api/v1/jobs/{id}` shows it to this caller. A stream ends \
                    after 15 minutes; clients connect again and send `Last-Event-ID`. The answer is 204 when they have the end.
                    """,
                parameters: [Field.required("id", .uuid, "The job.")],
                headers: [Self.lastEvent],
                holdsSecrets: true,
                answers: [
                    .of(200, "Events, until the job has ended.", in: "text/event-stream"),
                    .of(204, "The job has ended, and the client has its last event: there is nothing to connect for."),
                    .of(404, "There is no such job."), .of(503, Self.busy),
                ],
                handler: follow
            ),
            Route(
                "GET",
                "/api/v1/jobs/events",
                access: .scope(.read),
                summary: "The changes of all jobs as server-sent events: new ones, what runs, and ends.",
                about: """
                    The data of each event `job` are the job, as `GET /api/v1/jobs` shows it. Of several changes of a job within \
                    half a second the last is sent. A stream ends after 15 minutes, or when its client reads too slowly; \
                    clients connect again with `Last-Event-ID`, and get what has changed since, up to 10,000 jobs.
                    """,
                query: Query.fields,
                headers: [Self.lastTime],
                answers: [.of(200, "Events, without end.", in: "text/event-stream"), .of(503, Self.busy)],
                handler: followAll
            ),
        ]
    }

    private static let busy =
        "Something needed is down, or as many streams are open as there may be (too_many_streams)."

    private func follow(_ call: Call) async throws -> HTTPResponse {
        let id = try access.id(of: call)
        // Redis first: a final state there was committed before, so that the record read next has it too.
        let live = await states?.read(id)
        let job = try await access.job(id, of: call, orWith: .read)
        let first = JobChange(job, live)
        let (mask, isOwn) = (call.mask, call.owns(job))
        let json: @Sendable (JobChange) -> String = { change in
            change.job.json(live: change.live, withPayload: true, mask: mask, isOwn: isOwn)
        }
        let last = call.headers[Self.lastEvent]
        if first.state.isFinal, ServerSentEvent.digested(json(first)).id == last { return HTTPResponse(status: 204) }
        return streams.follow(first, after: last, json: json)
    }

    private func followAll(_ call: Call) async throws -> HTTPResponse {
        let filter = JobEventFilter(
            type: call.query[Query.type],
            batch: call.query[Query.batch]?.lowercased(),
            key: call.query[Query.key]
        )
        let mask = call.mask
        // Without the database the answer is 503, and no stream that ends at once.
        _ = try await pool.query(Jobs.time)
        return streams.followAll(filter, after: call.headers[Self.lastTime].map { Int64($0) }, pool, missed) { change in
            change.job.json(live: change.live, withPayload: false, mask: mask)
        }
    }
}
