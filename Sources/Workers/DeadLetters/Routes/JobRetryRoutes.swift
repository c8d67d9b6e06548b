import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// `/api/v1/jobs/{id}/retry`: send a dead job back to its queue.
struct JobRetryRoutes: Sendable {
    private let jobs: Jobs
    private let store: DeadLetterStore
    private let topic: String

    init(_ context: APIContext) {
        jobs = Jobs(context.postgres)
        store = DeadLetterStore(context.postgres)
        topic = context.topology.events.name
    }

    var routes: [Route] {
        [
            Route(
                "POST",
                "/api/v1/jobs/{id}/retry",
                access: .scope(.operate),
                summary: "Send a dead job back to its queue; its count of attempts begins anew.",
                parameters: [Field.required("id", .uuid, "The job.")],
                holdsSecrets: true,
                answers: [
                    .of(202, "It will run again; Location says where to follow it.", Schemas.job, hasLocation: true),
                    .of(404, "There is no such job."),
                    .of(
                        409,
                        "The job is not dead (job_not_dead), its dead letter is not filed yet (not_filed), or another job holds "
                            + "its unique key (unique_key_held)."
                    ),
                ],
                handler: retry
            )
        ]
    }

    private func retry(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        guard let job = try await jobs.get(id) else { throw APIError.notFound("job \(id)") }
        guard job.state == .dead else {
            throw APIError(
                status: 409,
                code: "job_not_dead",
                message: "The job is \(job.state.rawValue): only a dead one can be sent back."
            )
        }
        if let holder = try await jobs.uniqueConflict(of: id) {
            throw APIError(
                status: 409,
                code: "unique_key_held",
                message: "The job \(holder) holds its unique key: cancel that one first, or let it end."
            )
        }
        let event = OperatorEvent("job.retry", of: id)
        let record = ReceivedRequest.current.map { [Outbox.insert([event.message(of: $0, to: topic)])] } ?? []
        let action = OperatorAction("requeue", by: call.caller)
        guard try await store.retry(job: id, as: action, record: record) else {
            throw APIError(
                status: 409,
                code: "not_filed",
                message: "The job's dead letter is not filed yet, or somebody else has just sent it back.",
                retryAfter: 2
            )
        }
        let retried = try await jobs.get(id) ?? job
        return Envelope.success(
            retried.json(live: nil, withPayload: false, mask: call.mask),
            status: 202,
            headers: ["Location": "/api/v1/jobs/\(id)"]
        )
    }
}
