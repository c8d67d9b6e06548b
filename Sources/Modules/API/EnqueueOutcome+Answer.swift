package import FlotillaHTTPRouting
import FlotillaStorage

extension EnqueueOutcome {
    /// The answer to who has just had a job enqueued.
    ///
    /// - Parameter field: what the request was known by.
    /// - Throws: 409 when that belongs to another body.
    package func answer(to field: String) throws(APIError) -> HTTPResponse {
        switch self {
        case .created(let job): return Self.accepted(job, isRepeat: false)
        case .existing(let job): return Self.accepted(job, isRepeat: true)
        case .conflict(let id):
            throw APIError(
                status: 409,
                code: "idempotency_conflict",
                message: "This \(field) was used for another job: \(id).",
                details: [.init(field: field, message: "belongs to another body")]
            )
        }
    }

    private static func accepted(_ job: Job, isRepeat: Bool) -> HTTPResponse {
        var headers: HTTPHeaders = ["Location": "/api/v1/jobs/\(job.id)"]
        if isRepeat { headers.add("Idempotent-Replayed", "true") }
        return Envelope.success(job.json(live: nil, withPayload: false), status: 202, headers: headers)
    }
}
