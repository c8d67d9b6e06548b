package import FlotillaHTTPRouting
import FlotillaModels
package import FlotillaModules
import FlotillaStorage

/// `/api/v1/jobs`: enqueue, look up, list.
package struct JobRoutes: Sendable {
    private enum Query {
        static let state = Field.optional(
            "state",
            .choice(JobState.allCases.map(\.rawValue)),
            "Only jobs in this state."
        )
        static let type = Field.optional("type", .routingKey, "Only jobs of this type.")
        static let text = Field.optional(
            "q",
            .string(length: 1...200),
            "Part of the id, type or correlation id, with read:personal also of the error message. A whole UUID is the id or "
                + "the correlation id."
        )
        static let queue = Field.optional("queue", .string(length: 1...200), "Only jobs that this queue takes.")
        static let key = Field.optional("key", .string(length: 1...128), "Only jobs with this key.")
        static let batch = Field.optional("batch", .uuid, "Only jobs of this batch.")
        static let correlationID = Field.optional(
            "correlationId",
            .correlationID,
            "Only jobs with this correlation id."
        )
        static let field = Field.optional(
            "field",
            .string(length: 1...255),
            "A path in the payload, with type and value: only jobs that have the value there, for callers with read:personal. "
                + "jobFields of queues.yaml says by which fields jobs of a type are found."
        )
        static let value = Field.optional("value", .string(length: 0...1_000), "The value there, as text.")
        static let since = Field.optional("since", .timestamp, "Only jobs that were enqueued at this time or later.")
        static let until = Field.optional("until", .timestamp, "Only jobs that were enqueued before this time.")
        static let cursor = Field.optional("cursor", .uuid, "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Jobs on a page; 50 unless given.")
        static let fields: Fields = [
            state, type, queue, key, batch, correlationID, field, value, since, until, text, cursor, limit,
        ]
    }

    private static let idempotencyKey = IdempotencyHeader.field("Repeats with the same key give the same job.")
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let bulk: BulkEnqueueRoute
    private let intake: JobIntake
    private let jobs: Jobs
    private let lists: Jobs
    private let states: JobStates?
    private let access: JobAccess
    private let checks: JobChecks
    private let admission: AdmissionControl
    private let rules: IntakeRules
    private let messages: MessageCatalog
    private let explanation: JobExplanation
    private let topology: Topology

    /// - Parameter bulkLimit: how long the body of many jobs may be, in bytes.
    package init(_ context: APIContext, bulkLimit: Int = 16 << 20) {
        bulk = BulkEnqueueRoute(context, limit: bulkLimit)
        let routing = context.topology.jobRouting
        jobs = Jobs(context.postgres, routing: routing)
        lists = Jobs(context.lists, routing: routing)
        states = context.states
        access = JobAccess(jobs)
        checks = JobChecks(context)
        admission = context.admission
        rules = context.rules
        messages = context.messages
        topology = context.topology
        intake = JobIntake(jobs)
        explanation = JobExplanation(
            .init(pool: context.lists, redis: context.redis, topology: context.topology, depth: context.depth)
        )
    }

    package var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/jobs",
                access: .scope(.enqueue),
                summary: "Enqueue a job. The answer comes once it is stored for good.",
                about: "What a job's payload may hold, `GET /api/v1/schemas/{type}` says.",
                body: JobRequest.fields,
                examples: messages.examples(.job, rules: rules) { type, example in
                    #"{"type":\#(type.json),"payload":\#(example)}"#
                },
                headers: [Self.idempotencyKey, Self.traceParent],
                holdsSecrets: true,
                answers: [
                    .of(202, "Accepted; Location says where to follow it.", Schemas.job, hasLocation: true),
                    .of(403, "The key lacks the scope, or a grant for this type, or the type is the fleet's own."),
                    .of(409, "The first request with the idempotency key is not answered yet."),
                    .of(422, "The request has mistakes, or its idempotency key belongs to another one."),
                ],
                handler: enqueue
            ),
            Route(
                "GET",
                "/api/v1/jobs/{id}",
                access: .anyOf([.read, .enqueue]),
                summary:
                    "A job: its record, and its live state while it runs. With enqueue alone, only jobs that this caller has "
                    + "enqueued. The payload is shown with read:personal, result and addresses to who enqueued it as well.",
                parameters: [Field.required("id", .uuid, "The job.")],
                holdsSecrets: true,
                answers: [.of(200, "The job.", Schemas.job), .of(404, "There is no such job.")],
                handler: get
            ),
            Route(
                "GET",
                "/api/v1/jobs",
                access: .scope(.read),
                summary: "Jobs, the newest first, without their payloads and results.",
                query: Query.fields,
                answers: [
                    .of(200, "A page of jobs.", Schemas.jobPage),
                    .of(503, "Something needed is down, or this took too long (took_too_long): ask for less."),
                ],
                handler: list
            ),
            bulk.route, cancelRoute, whyRoute,
        ]
    }

    private var cancelRoute: Route {
        Route(
            "POST",
            "/api/v1/jobs/{id}/cancel",
            access: .anyOf([.operate, .enqueue]),
            summary: "Cancel a job that has had no effect yet. A second time changes nothing.",
            about: """
                A job that waits does not start any more. One that runs is not interrupted: its effect is never committed. With \
                `enqueue` alone, only jobs that this caller has enqueued.
                """,
            parameters: [Field.required("id", .uuid, "The job.")],
            holdsSecrets: true,
            answers: [
                .of(200, "The job is cancelled.", Schemas.job), .of(404, "There is no such job."),
                .of(409, "The job has ended, or its effect is committed (job_ended)."),
            ],
            handler: cancel
        )
    }

    private var whyRoute: Route {
        Route(
            "GET",
            "/api/v1/jobs/{id}/why",
            access: .anyOf([.read, .enqueue]),
            summary:
                "Why a job is where it is: what it waits for, and who holds that. With enqueue alone, only one's own.",
            parameters: [Field.required("id", .uuid, "The job.")],
            holdsSecrets: true,
            answers: [.of(200, "The reasons.", Schemas.jobReasons), .of(404, "There is no such job.")]
        ) { call in
            let job = try await access.job(try access.id(of: call), of: call, orWith: .read)
            let mask = call.owns(job) ? PersonalMask.off : call.mask
            return Envelope.success(try await explanation.reasons(for: job).json(of: job, mask))
        }
    }

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let id = try access.id(of: call)
        let job = try await access.job(id, of: call, orWith: .operate)
        if job.state != .cancelled, job.state != .cancelling {
            let event = OperatorEvent("job.cancel", of: id)
            let record = ReceivedRequest.current.map {
                Outbox.insert([event.message(of: $0, to: topology.events.name)])
            }
            guard try await jobs.cancel(id, record: record.map { [$0] } ?? []) != nil else {
                throw APIError(
                    status: 409,
                    code: "job_ended",
                    message: "The job has ended, or its effect is committed: it can't be cancelled any more."
                )
            }
        }
        let shown = try await jobs.get(id) ?? job
        return Envelope.success(shown.json(live: nil, withPayload: false, mask: call.mask, isOwn: call.owns(shown)))
    }

    private func enqueue(_ call: Call) async throws -> HTTPResponse {
        let job = try JobRequest.job(
            call.body,
            idempotencyKey: call.idempotencyKey,
            correlationID: call.correlationID,
            traceParent: call.headers[Self.traceParent],
            by: call.principal
        )
        try checks.check(job, from: call.principal)
        try admission.check()
        return try await intake.enqueue(job).answer(of: call)
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let id = try access.id(of: call)
        // Redis first: a final state there was committed before, so that the record read next has it too.
        let live = await states?.read(id)
        let job = try await access.job(id, of: call, orWith: .read)
        return Envelope.success(job.json(live: live, withPayload: true, mask: call.mask, isOwn: call.owns(job)))
    }

    /// - Throws: 422 for a field by which jobs of the type are not found.
    private func fieldKey(_ call: Call) throws(APIError) -> String? {
        guard let field = call.query[Query.field] else {
            guard call.query[Query.value] == nil else {
                throw .invalid([.init(field: "value", message: "has a meaning with field only")])
            }
            return nil
        }
        guard let type = call.query[Query.type], let value = call.query[Query.value] else {
            throw .invalid([.init(field: "field", message: "needs type and value beside it")])
        }
        guard topology.jobFields[type]?.contains(field) == true else {
            let known = topology.jobFields[type]?.joined(separator: ", ") ?? "none"
            let problem = "is not one by which jobs of \(type) are found; there are \(known)"
            throw .invalid([.init(field: "field", message: problem)])
        }
        // Who is shown a mask in a payload must not find out by guesses what is behind it.
        guard call.mask.isOff else { throw .forbidden([.readPersonal]) }
        return JobFieldKey.of(type: type, path: field, value: value)
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let limit = call.query[Query.limit] ?? 50
        var filter = JobFilter()
        filter.state = call.query[Query.state].flatMap { JobState(rawValue: $0) }
        filter.types = call.query[Query.type].map { [$0] } ?? []
        if let name = call.query[Query.queue] {
            let queue = try topology.queue(asked: name)
            let types = topology.jobTypes(of: queue)
            filter.priority = queue.family == nil ? nil : queue.level
            filter.types = filter.types.isEmpty ? types : filter.types.filter(types.contains)
            if filter.types.isEmpty { return Envelope.page([], nextCursor: nil) }
        }
        filter.fieldKey = try fieldKey(call)
        filter.key = call.query[Query.key]
        filter.batch = call.query[Query.batch]?.lowercased()
        filter.correlationID = call.query[Query.correlationID]
        filter.since = call.query[Query.since]?.microseconds
        filter.until = call.query[Query.until]?.microseconds
        filter.text = call.query[Query.text]
        // Who is shown a mask in an error message must not find out by guesses what is behind it.
        filter.searchesErrors = call.mask.isOff
        filter.cursor = call.query[Query.cursor]
        filter.limit = limit + 1
        let found = try await lists.list(filter)
        return Envelope.page(
            found.prefix(limit).map { $0.json(live: nil, withPayload: false, mask: call.mask) },
            nextCursor: found.count > limit ? found[limit - 1].id : nil
        )
    }
}

extension Topology {
    /// - Throws: 422 when there is no such queue.
    fileprivate func queue(asked name: String) throws(APIError) -> QueueDefinition {
        guard let queue = queue(named: name) else {
            throw .invalid([.init(field: "queue", message: "is no queue of this fleet")])
        }
        return queue
    }
}
