import FlotillaModels

/// What an idempotency key belongs to.
struct JobHolder: Sendable {
    /// `nil` when it is no job.
    let job: Job?
    private let caller: ExactText
    private let key: ExactText
    /// `nil` of a key from before they were kept.
    let fingerprint: [UInt8]?
    let resource: String

    init(_ row: SQLRow) {
        job = row.text(0).map { _ in Job(row) }
        caller = ExactText(row.text(Job.columnCount) ?? "")
        key = ExactText(row.text(Job.columnCount + 1) ?? "")
        fingerprint = row.bytes(Job.columnCount + 2)
        resource = row.text(Job.columnCount + 3) ?? ""
    }

    func holds(_ other: IdempotencyKey) -> Bool {
        caller == ExactText(other.caller.storable) && key == ExactText(other.text.storable)
    }

    static func find(_ keys: [IdempotencyKey]) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(Job.columns), held.caller, held.idempotency_key, held.fingerprint, held.resource
            FROM unnest($1, $2) AS wanted (caller, idempotency_key)
            JOIN idempotency_keys AS held USING (caller, idempotency_key)
            LEFT JOIN jobs ON jobs.id = held.resource
            """,
            [.textArray(keys.map(\.caller.storable)), .textArray(keys.map(\.text.storable))]
        )
    }
}
