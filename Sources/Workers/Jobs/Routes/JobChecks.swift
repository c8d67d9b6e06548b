import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// What a job has to fulfil before it is stored: who may enqueue it, and that a worker takes it.
struct JobChecks: Sendable {
    private let rules: IntakeRules
    private let types: [String]
    private let messages: MessageCatalog

    init(_ context: APIContext) {
        rules = context.rules
        types = context.topology.jobTypes.sorted()
        messages = context.messages
    }

    /// - Throws: 403 for who may not enqueue the type, 422 for a type or a payload that no worker takes.
    func check(_ job: NewJob, from principal: Principal?) throws {
        try rules.check(job: job.type, from: principal)
        guard types.contains(job.type) else {
            let known = types.isEmpty ? "none" : types.joined(separator: ", ")
            throw APIError(
                status: 422,
                code: "unknown_job_type",
                message: "No worker takes jobs of this type.",
                details: [.init(field: JobRequest.type.name, message: "is not known; there are \(known)")]
            )
        }
        try messages.check(job.payload, of: job.type, at: JobRequest.payload.name)
    }
}
