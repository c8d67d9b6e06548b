import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// What a caller says of a job to enqueue: the body of `POST /api/v1/jobs`, and a line of `POST /api/v1/jobs/batch`.
enum JobRequest {
    static let type = Field.required("type", .routingKey, "The job's type, a key bound on the direct exchange.")
    static let payload = Field.required("payload", .json, "What the worker gets, byte by byte.")
    private static let priority = Field.optional(
        "priority",
        .priority(),
        "Its share of the slots where the type has levels; normal unless given."
    )
    private static let scheduledAt = Field.optional("scheduledAt", .timestamp, "Not before.")
    private static let expiresAt = Field.optional(
        "expiresAt",
        .timestamp,
        "Unless it has started by then, it never does: its state is expired."
    )
    private static let maxAttempts = Field.optional(
        "maxAttempts",
        .integer(JobAttempts.allowed),
        "In place of the queue's policy."
    )
    private static let unique = Field.optional(
        "unique",
        .uniqueness,
        "At most one job of the type and this caller with the same values; the answer's outcome says which it is."
    )
    private static let key = Field.optional(
        "key",
        .string(length: 1...128),
        "Jobs with a key take turns with those of other keys, within the limits of their type."
    )
    private static let batch = Field.optional(
        "batch",
        .uuid,
        "An open batch of this caller, to which the job is added."
    )
    private static let after = Field.optional(
        "after",
        .ids,
        "Jobs and batches that have to succeed before it starts; it is cancelled when one of them does not."
    )
    private static let afterAny = Field.optional(
        "afterAny",
        .ids,
        "Jobs and batches that have to end before it starts, however they end. Either this or after."
    )
    private static let correlationID = Field.optional("correlationId", .correlationID, "Goes with the job everywhere.")

    static let fields: Fields = [
        type, payload, priority, scheduledAt, expiresAt, maxAttempts, unique, key, batch, after, afterAny,
        correlationID,
    ]

    /// The job that the values ask for.
    ///
    /// - Parameter correlationID: unless the values have one.
    /// - Throws: 422 for what contradicts itself.
    static func job(
        _ values: FieldValues,
        idempotencyKey: IdempotencyKey?,
        correlationID: String,
        traceParent: String?,
        by principal: Principal?
    ) throws(APIError) -> NewJob {
        var job = NewJob(
            type: values.required(type),
            payload: values.required(payload),
            idempotencyKey: idempotencyKey,
            priority: values[priority] ?? .normal,
            scheduledAt: values[scheduledAt]?.microseconds,
            maxAttempts: values[maxAttempts],
            correlationID: values[Self.correlationID] ?? correlationID,
            createdBy: principal?.reference,
            traceParent: traceParent
        )
        job.expiresAt = values[expiresAt]?.microseconds
        job.unique = values[unique]
        job.key = values[key]
        job.batch = values[batch]?.lowercased()
        if let any = values[afterAny] {
            guard values[after] == nil else {
                throw .invalid([.init(field: "afterAny", message: "can't stand beside after")])
            }
            (job.after, job.startsAfterAny) = (any.map { $0.lowercased() }, true)
        } else {
            job.after = values[after]?.map { $0.lowercased() } ?? []
        }
        if let scheduled = job.scheduledAt, let expires = job.expiresAt, expires <= scheduled {
            throw .invalid([.init(field: "expiresAt", message: "has to be later than scheduledAt")])
        }
        return job
    }
}
