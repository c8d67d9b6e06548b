import FlotillaStorage

/// The steps of actions among the rows of a batch.
struct ActionStepBatch {
    private var steps: [(record: AuditRecord, step: ActionStep)] = []

    mutating func append(_ record: AuditRecord, _ step: ActionStep) { steps.append((record, step)) }

    /// Inserts the steps; `nil` when there are none.
    var statement: SQLStatement? {
        guard !steps.isEmpty else { return nil }
        return SQLStatement(
            """
            INSERT INTO audit_action_steps (lane, sequence, recorded_at, occurred_at, phase, action, action_key,
                message_id, correlation_id, actor)
            SELECT lane, sequence, recorded_at, occurred_at, phase, action, action_key, message_id, correlation_id, actor
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS new (lane, sequence, recorded_at, occurred_at,
                phase, action, action_key, message_id, correlation_id, actor)
            """,
            [
                .intArray(steps.map(\.record.lane)), .intArray(steps.map(\.record.sequence)),
                .timestampArray(steps.map(\.record.recordedAt)), .timestampArray(steps.map(\.record.occurredAt)),
                .textArray(steps.map(\.step.phase.rawValue)), .textArray(steps.map(\.step.action)),
                .textArray(steps.map(\.step.key)), .textArray(steps.map(\.record.messageID)),
                .textArray(steps.map(\.record.correlationID)), .textArray(steps.map(\.record.actor)),
            ]
        )
    }
}
