package import FlotillaHTTPRouting
import FlotillaModels
import FlotillaPlatform
package import FlotillaStorage

extension EnqueueOutcome {
    /// The answer to who has just had a job enqueued.
    ///
    /// - Parameters:
    ///   - field: what the request was known by.
    ///   - call: the request; only who has enqueued a job sees its result.
    /// - Throws: 422 when that belongs to another request, and what ``JobRefusal`` is answered.
    package func answer(to field: String = IdempotencyHeader.name, of call: Call) throws(APIError) -> HTTPResponse {
        guard let shown = try json(to: field, of: call), let job else { throw .idempotencyKeyReused(field) }
        var headers: HTTPHeaders = ["Location": "/api/v1/jobs/\(job.id)"]
        if case .existing = self { headers.add(IdempotencyHeader.replayed, "true") }
        return Envelope.success(shown, status: 202, headers: headers)
    }

    /// The job as JSON, with what this enqueue has done: `outcome` is `created`, `existing` for what a unique key has led to,
    /// or `replaced`. A repeat by its idempotency key is shown as the first answer was.
    ///
    /// - Throws: as ``answer(to:of:)``.
    package func json(to field: String = IdempotencyHeader.name, of call: Call) throws(APIError) -> String? {
        let outcome: String
        switch self {
        case .conflict: throw .idempotencyKeyReused(field)
        case .refused(let refusal): throw refusal.error
        case .created, .existing: outcome = "created"
        case .duplicate: outcome = "existing"
        case .replaced: outcome = "replaced"
        }
        guard let job else { return nil }
        let isOwn = job.createdBy != nil && job.createdBy == call.principal?.reference
        var shown = JSONObject()
        shown.add("outcome", outcome)
        if case .replaced(_, let former) = self { shown.add("replaces", former) }
        // Of another's job who may not read learns the id and the state alone.
        guard isOwn || call.principal?.mayUse(.read) == true else {
            shown.add("id", job.id)
            shown.add("type", job.type)
            shown.add("state", job.state.rawValue)
            shown.add("attempts", job.attempts)
            shown.add("enqueuedAt", WallClock.iso8601(job.enqueuedAt))
            return shown.closed
        }
        return job.json(live: nil, withPayload: false, mask: call.mask, isOwn: isOwn, after: shown)
    }
}

extension JobRefusal {
    /// What a request is answered whose job was refused.
    package var error: APIError {
        switch self {
        case .uniqueKeyHeld(let id):
            APIError(status: 409, code: "unique_key_held", message: "The job \(id) holds the unique key.")
        case .unknownPredecessor(let id):
            .invalid([.init(field: "after", message: "is neither a job nor a batch: \(id.prefix(100))")])
        case .unknownBatch(let id):
            .invalid([.init(field: "batch", message: "is no batch: \(id.prefix(100))")])
        case .closedBatch(let id):
            APIError(status: 409, code: "batch_closed", message: "The batch \(id) is closed.")
        case .cycle(let id):
            .invalid([.init(field: "after", message: "would wait for the batch \(id), of which it is a member")])
        }
    }
}
