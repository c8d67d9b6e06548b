import FlotillaPlatform
import FlotillaStorage

/// Who does what to many dead letters, and why; each leaves a row in `operator_actions`.
package struct OperatorAction: Sendable, Hashable {
    /// Also in the header `replay-operation-id` of every message that it sends back.
    package let id: String
    /// `requeue`.
    package var action: String
    /// A user of the command line, or the name of an API key.
    package var actor: String
    package var reason: String?

    package init(_ action: String, by actor: String, because reason: String? = nil, id: String = UUIDv7.make()) {
        self.id = id
        self.action = action
        self.actor = actor
        self.reason = reason
    }

    /// The row, with what has been changed so far added to it; to be executed in the transaction of each step.
    ///
    /// - Parameters:
    ///   - matched: how many the filter meant at the beginning.
    ///   - isLast: whether the action ends with this step.
    func record(_ filter: DeadLetterFilter, matched: Int, changed: Int, isLast: Bool) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO operator_actions AS old
                (operation_id, action, actor, reason, parameters, matched, changed, state, finished_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $8 THEN 'completed' ELSE 'running' END,
                CASE WHEN $8 THEN now() END)
            ON CONFLICT (operation_id) DO UPDATE SET changed = old.changed + EXCLUDED.changed,
                state = EXCLUDED.state, finished_at = EXCLUDED.finished_at
            """,
            [
                .text(id), .text(action), .text(actor.withoutNulls),
                reason.map { .text($0.withoutNulls) } ?? .null,
                .json(filter.json), .int(Int64(matched)), .int(Int64(changed)), .bool(isLast),
            ]
        )
    }
}
