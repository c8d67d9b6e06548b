import FlotillaHTTPRouting
import FlotillaStorage

/// Which jobs a caller may see or act on: its own, and with a scope all.
struct JobAccess: Sendable {
    private let jobs: Jobs

    init(_ jobs: Jobs) { self.jobs = jobs }

    /// - Throws: 422 for what is no UUID.
    func id(of call: Call) throws(APIError) -> String {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        return id
    }

    /// - Throws: 404 for a job that there is not, and for another's without the scope.
    func job(_ id: String, of call: Call, orWith scope: Scope) async throws -> Job {
        let job = try await jobs.get(id)
        // Whether there is another's job is not for who may only enqueue.
        guard let job, call.owns(job) || call.principal?.mayUse(scope) == true else {
            throw APIError.notFound("job \(id)")
        }
        return job
    }
}

extension Call {
    /// Whether its caller has enqueued the job.
    func owns(_ job: Job) -> Bool { job.createdBy != nil && job.createdBy == principal?.reference }
}
