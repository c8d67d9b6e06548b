package import FlotillaHTTPRouting
import FlotillaModels
package import FlotillaModules
import FlotillaStorage

/// `/api/v1/jobs`: enqueue, look up, list.
package struct JobRoutes: Sendable {
    private enum Body {
        static let type = Field.required("type", .routingKey, "The job's type, a key bound on the direct exchange.")
        static let payload = Field.required("payload", .json, "What the worker gets, byte by byte.")
        static let priority = Field.optional("priority", .integer(0...9), "Higher ones go first; 0 unless given.")
        static let scheduledAt = Field.optional("scheduledAt", .timestamp, "Not before.")
        static let maxAttempts = Field.optional(
            "maxAttempts",
            .integer(JobAttempts.allowed),
            "In place of the queue's policy."
        )
        static let correlationID = Field.optional("correlationId", .correlationID, "Goes with the job everywhere.")
        static let fields: Fields = [type, payload, priority, scheduledAt, maxAttempts, correlationID]
    }

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
        static let cursor = Field.optional("cursor", .uuid, "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Jobs on a page; 50 unless given.")
        static let fields: Fields = [state, type, text, cursor, limit]
    }

    private static let idempotencyKey = IdempotencyHeader.field("Repeats with the same key give the same job.")
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")

    private let intake: JobIntake
    private let jobs: Jobs
    private let lists: Jobs
    private let states: JobStates?
    private let types: [String]
    private let admission: AdmissionControl
    private let rules: IntakeRules
    private let messages: MessageCatalog
    private let topic: String

    package init(_ context: APIContext) {
        let exchange = context.topology.commands.name
        jobs = Jobs(context.postgres, exchange: exchange)
        lists = Jobs(context.lists, exchange: exchange)
        states = context.states
        types = context.topology.jobTypes.sorted()
        admission = context.admission
        rules = context.rules
        messages = context.messages
        topic = context.topology.events.name
        intake = JobIntake(jobs)
    }

    package var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/jobs",
                access: .scope(.enqueue),
                summary: "Enqueue a job. The answer comes once it is stored for good.",
                about: "What a job's payload may hold, `GET /api/v1/schemas/{type}` says.",
                body: Body.fields,
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
            cancelRoute,
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

    private func cancel(_ call: Call) async throws -> HTTPResponse {
        let id = try jobID(of: call)
        let job = try await job(id, of: call, orWith: .operate)
        if job.state != .cancelled, job.state != .cancelling {
            let event = OperatorEvent("job.cancel", of: id)
            let record = ReceivedRequest.current.map { Outbox.insert([event.message(of: $0, to: topic)]) }
            guard try await jobs.cancel(id, record: record.map { [$0] } ?? []) != nil else {
                throw APIError(
                    status: 409,
                    code: "job_ended",
                    message: "The job has ended, or its effect is committed: it can't be cancelled any more."
                )
            }
        }
        let shown = try await jobs.get(id) ?? job
        let isOwn = shown.createdBy != nil && shown.createdBy == call.principal?.reference
        return Envelope.success(shown.json(live: nil, withPayload: false, mask: call.mask, isOwn: isOwn))
    }

    /// - Throws: 422 for what is no UUID.
    private func jobID(of call: Call) throws(APIError) -> String {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        return id
    }

    /// - Throws: 404 for a job that there is not, and for another's without the scope.
    private func job(_ id: String, of call: Call, orWith scope: Scope) async throws -> Job {
        let job = try await jobs.get(id)
        let isOwn = job?.createdBy != nil && job?.createdBy == call.principal?.reference
        // Whether there is another's job is not for who may only enqueue.
        guard let job, isOwn || call.principal?.mayUse(scope) == true else { throw APIError.notFound("job \(id)") }
        return job
    }

    private func enqueue(_ call: Call) async throws -> HTTPResponse {
        let type = call.body.required(Body.type)
        try rules.check(job: type, from: call.principal)
        guard types.contains(type) else {
            let known = types.isEmpty ? "none" : types.joined(separator: ", ")
            throw APIError(
                status: 422,
                code: "unknown_job_type",
                message: "No worker takes jobs of this type.",
                details: [.init(field: "type", message: "is not known; there are \(known)")]
            )
        }
        try messages.check(call.body.required(Body.payload), of: type, at: Body.payload.name)
        try admission.check()
        let outcome = try await intake.enqueue(
            NewJob(
                type: type,
                payload: call.body.required(Body.payload),
                idempotencyKey: call.idempotencyKey,
                priority: call.body[Body.priority] ?? 0,
                scheduledAt: call.body[Body.scheduledAt]?.microseconds,
                maxAttempts: call.body[Body.maxAttempts],
                correlationID: call.body[Body.correlationID] ?? call.correlationID,
                createdBy: call.principal?.reference,
                traceParent: call.headers[Self.traceParent]
            )
        )
        return try outcome.answer(of: call)
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let id = try jobID(of: call)
        // Redis first: a final state there was committed before, so that the record read next has it too.
        let live = await states?.read(id)
        let job = try await job(id, of: call, orWith: .read)
        let isOwn = job.createdBy != nil && job.createdBy == call.principal?.reference
        return Envelope.success(job.json(live: live, withPayload: true, mask: call.mask, isOwn: isOwn))
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let limit = call.query[Query.limit] ?? 50
        let found = try await lists.list(
            state: call.query[Query.state].flatMap { JobState(rawValue: $0) },
            type: call.query[Query.type],
            text: call.query[Query.text],
            // Who is shown a mask in an error message must not find out by guesses what is behind it.
            searchesErrors: call.mask.isOff,
            after: call.query[Query.cursor],
            limit: limit + 1
        )
        return Envelope.page(
            found.prefix(limit).map { $0.json(live: nil, withPayload: false, mask: call.mask) },
            nextCursor: found.count > limit ? found[limit - 1].id : nil
        )
    }
}
