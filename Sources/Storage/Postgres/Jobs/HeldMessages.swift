import FlotillaModels

/// The messages of jobs that wait for predecessors or for the turn of their key, as they will be published.
///
/// They are made when the job is enqueued, so that they say who has asked for it.
package enum HeldMessages {
    static func insert(_ entries: [JobEntry], _ routing: JobRouting) -> SQLStatement {
        let messages = entries.map { $0.message(routing) }
        return SQLStatement(
            "INSERT INTO held_messages (job_id, exchange, routing_key, properties, headers) "
                + "SELECT * FROM unnest($1, $2, $3, $4, $5)",
            [
                .textArray(entries.map(\.id)), .textArray(messages.map(\.exchange)),
                .textArray(messages.map(\.routingKey)),
                .textArray(messages.map { MessageJSON.text($0.message.properties) }),
                .textArray(messages.map { MessageJSON.text($0.message.headers) }),
            ]
        )
    }

    /// Lets waiting jobs go to their queues: their state is `queued`, or `scheduled` before their time, and their messages are
    /// in the outbox. Gives the ids of those that went; one that does not wait any more does not go.
    package static func release(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            WITH found AS MATERIALIZED (
                SELECT id FROM jobs WHERE id = ANY ($1) AND state = 'waiting' ORDER BY id COLLATE "C" FOR UPDATE),
            released AS (
                UPDATE jobs SET is_blocked = false, dispatched_at = CASE WHEN job_key IS NOT NULL THEN now() END,
                    state = CASE WHEN job_key IS NULL AND scheduled_at > now() THEN 'scheduled' ELSE 'queued' END
                FROM found WHERE jobs.id = found.id
                RETURNING jobs.id, jobs.payload, jobs.scheduled_at),
            message AS (
                DELETE FROM held_messages USING released WHERE job_id = released.id
                RETURNING job_id, exchange, routing_key, properties, headers)
            INSERT INTO outbox (exchange, routing_key, properties, headers, body, job_id, not_before)
            SELECT message.exchange, message.routing_key, message.properties, message.headers, released.payload, released.id,
                CASE WHEN released.scheduled_at > now() THEN released.scheduled_at END
            FROM released JOIN message ON message.job_id = released.id
                JOIN unnest($1) WITH ORDINALITY AS wanted (id, place) ON wanted.id = released.id
            ORDER BY place
            RETURNING job_id
            """,
            [.textArray(ids.map(\.storable))]
        )
    }
}
