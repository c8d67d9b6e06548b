package import FlotillaHTTPRouting
import FlotillaStorage

extension EnqueueOutcome {
    /// The answer to who has just had a job enqueued.
    ///
    /// - Parameters:
    ///   - field: what the request was known by.
    ///   - call: the request; only who has enqueued a job sees its result.
    /// - Throws: 422 when that belongs to another request.
    package func answer(to field: String = IdempotencyHeader.name, of call: Call) throws(APIError) -> HTTPResponse {
        switch self {
        case .created(let job): return Self.accepted(job, call, isRepeat: false)
        case .existing(let job): return Self.accepted(job, call, isRepeat: true)
        case .conflict: throw .idempotencyKeyReused(field)
        }
    }

    private static func accepted(_ job: Job, _ call: Call, isRepeat: Bool) -> HTTPResponse {
        var headers: HTTPHeaders = ["Location": "/api/v1/jobs/\(job.id)"]
        if isRepeat { headers.add(IdempotencyHeader.replayed, "true") }
        let isOwn = job.createdBy != nil && job.createdBy == call.principal?.reference
        let shown = job.json(live: nil, withPayload: false, mask: call.mask, isOwn: isOwn)
        return Envelope.success(shown, status: 202, headers: headers)
    }
}
