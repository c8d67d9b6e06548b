package import FlotillaModels

/// A job as its row has it. Times are microseconds since 1970.
package struct Job: Sendable, Hashable {
    /// A UUID of version 7.
    package let id: String
    /// What to do: `audit.write`. Also the routing key of its message, but for levels, see ``JobRouting``.
    package let type: String
    package let state: JobState
    package let payload: [UInt8]
    package let attempts: Int
    package let maxAttempts: Int?
    package let priority: JobPriority
    package let scheduledAt: Int64?
    package let enqueuedAt: Int64
    package let startedAt: Int64?
    package let finishedAt: Int64?
    /// JSON text.
    package let result: String?
    package let errorType: String?
    package let errorMessage: String?
    package let correlationID: String?
    package let createdBy: String?
    package let expiresAt: Int64?
    package let batch: String?
    package let key: String?
    /// Why it was cancelled, or has expired.
    package let reason: String?
    package let cronName: String?
    package let nominalAt: Int64?
    /// Whether it waits for predecessors.
    package let isBlocked: Bool
}

extension Job {
    static let columns = """
        id, type, state, payload, attempts, max_attempts, priority, scheduled_at, enqueued_at, started_at, finished_at, \
        result, error_type, error_message, correlation_id, created_by, expires_at, batch_id, job_key, reason, cron_name, \
        nominal_at, is_blocked
        """
    static let columnCount = 23
    /// The same for lists, which show neither payloads nor results: they may be long, and hold what is for the job's caller
    /// alone.
    static let listColumns = columns.replacing(" payload,", with: " NULL::bytea,")
        .replacing(" result,", with: " NULL::text,")

    /// - Parameter row: begins with ``columns``.
    init(_ row: SQLRow) {
        id = row.text(0) ?? ""
        type = row.text(1) ?? ""
        state = row.text(2).flatMap(JobState.init) ?? .queued
        payload = row.bytes(3) ?? []
        attempts = Int(row.int(4) ?? 0)
        maxAttempts = row.int(5).map { Int($0) }
        priority = JobPriority(number: Int(row.int(6) ?? 0))
        scheduledAt = row.timestamp(7)
        enqueuedAt = row.timestamp(8) ?? 0
        startedAt = row.timestamp(9)
        finishedAt = row.timestamp(10)
        result = row.text(11)
        errorType = row.text(12)
        errorMessage = row.text(13)
        correlationID = row.text(14)
        createdBy = row.text(15)
        expiresAt = row.timestamp(16)
        batch = row.text(17)
        key = row.text(18)
        reason = row.text(19)
        cronName = row.text(20)
        nominalAt = row.timestamp(21)
        isBlocked = row.bool(22) ?? false
    }
}
