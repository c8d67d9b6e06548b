import FlotillaModels
import FlotillaStorage

/// What is written of deliveries while they are made.
enum WebhookStatements {
    /// How long an endpoint may fail without a single success before it is disabled.
    static let disableAfter = Duration.seconds(5 * 86_400)

    static func attempt(_ id: String, number: Int, _ result: WebhookAttemptResult) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, status, error, answer)
            VALUES ($1, $2::bigint::integer, $3, $4::bigint::integer, $5::bigint::integer, $6::text, $7::bytea)
            ON CONFLICT DO NOTHING
            """,
            [
                .text(id), .int(Int64(number)), .timestamp(result.startedAt), .int(result.took.milliseconds),
                result.status.map { .int(Int64($0)) } ?? .null, .optional(result.problem),
                result.answer.isEmpty ? .null : .bytes(result.answer),
            ]
        )
    }

    static func delivered(_ id: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_deliveries SET status = 'delivered', reason = NULL, finished_at = now(), sending_until = NULL
            WHERE id = $1
            """,
            [.text(id)]
        )
    }

    static func failed(_ id: String, reason: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_deliveries SET status = 'failed', reason = $2, finished_at = now(), sending_until = NULL
            WHERE id = $1 AND status <> 'delivered'
            """,
            [.text(id), .text(reason)]
        )
    }

    /// Gives the lease back: it will be tried again.
    static func released(_ id: String, reason: String?) -> SQLStatement {
        SQLStatement(
            "UPDATE webhook_deliveries SET sending_until = NULL, reason = coalesce($2::text, reason) WHERE id = $1",
            [.text(id), .optional(reason)]
        )
    }

    /// Touches the endpoint's row only when there is something to change, since all deliveries would wait for it.
    static func succeeded(endpoint: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_endpoints SET failing_since = NULL, gone_since = NULL, gone_answers = 0
            WHERE id = $1 AND (failing_since IS NOT NULL OR gone_since IS NOT NULL)
            """,
            [.text(endpoint)]
        )
    }

    static func failing(endpoint: String) -> SQLStatement {
        SQLStatement(
            "UPDATE webhook_endpoints SET failing_since = now() WHERE id = $1 AND failing_since IS NULL",
            [.text(endpoint)]
        )
    }

    /// It answered 410 once more.
    static func gone(endpoint: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_endpoints SET gone_since = coalesce(gone_since, now()), gone_answers = gone_answers + 1
            WHERE id = $1
            """,
            [.text(endpoint)]
        )
    }

    /// Disables an endpoint that has answered 410 for `duration`, and `answers` times at least.
    ///
    /// - Returns: a row when the endpoint was enabled until now.
    static func disableGone(endpoint: String, after duration: Duration, answers: Int) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_endpoints SET is_enabled = false, disabled_at = now(), updated_at = now(),
                disabled_reason = 'it has answered 410 Gone since ' || to_char(
                    gone_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
            WHERE id = $1 AND is_enabled AND gone_since <= now() - $2 * interval '1 second' AND gone_answers >= $3
            RETURNING name, url
            """,
            [.text(endpoint), .double(duration.seconds), .int(Int64(answers))]
        )
    }

    /// Disables an endpoint once nothing has succeeded for ``disableAfter``.
    ///
    /// - Returns: a row when the endpoint was enabled until now.
    static func disableAfterFailures(endpoint: String) -> SQLStatement {
        SQLStatement(
            """
            UPDATE webhook_endpoints SET is_enabled = false, disabled_at = now(), updated_at = now(),
                disabled_reason = 'no delivery has succeeded since ' || to_char(
                    failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
            WHERE id = $1 AND is_enabled AND failing_since < now() - $2 * interval '1 second' RETURNING name, url
            """,
            [.text(endpoint), .double(disableAfter.seconds)]
        )
    }

    /// Deletes webhooks that came to their end before `age`, with their bodies and attempts, at most `limit` of them.
    static func prune(olderThan age: Duration, limit: Int) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM webhook_messages WHERE id IN (
                SELECT id FROM webhook_messages AS message
                WHERE created_at < now() - $1 * interval '1 second' AND NOT EXISTS (
                    SELECT FROM webhook_deliveries WHERE message_id = message.id AND status = 'queued')
                ORDER BY created_at LIMIT $2)
            """,
            [.double(age.seconds), .int(Int64(limit))]
        )
    }
}
