package import FlotillaModels
import FlotillaPlatform

/// Messages to publish, written in the transaction of the effect that they report; the relay publishes them.
package enum Outbox {
    /// The channel that notifies the relay of new rows, once per transaction.
    package static let channel = "flotilla_outbox"

    /// Inserts the messages. One without a message id is given one, so that its readers can tell repeats.
    ///
    /// - Parameter notBefore: when to publish at the earliest, in microseconds since 1970, for all of them.
    package static func insert(_ messages: [OutgoingMessage], notBefore: Int64? = nil) -> SQLStatement {
        insert(messages, notBefore: messages.map { _ in notBefore })
    }

    /// Inserts the messages, each with its own earliest time.
    ///
    /// What a request makes is stamped with it here, see ``ReceivedRequest``.
    package static func insert(_ messages: [OutgoingMessage], notBefore: [Int64?]) -> SQLStatement {
        precondition(messages.count == notBefore.count, "a time for each message")
        let messages = ReceivedRequest.current == nil ? messages : messages.map(\.received)
        var properties: [String] = []
        properties.reserveCapacity(messages.count)
        for outgoing in messages {
            var kept = outgoing.message.properties
            if kept.messageID == nil, kept.malformed["message-id"] == nil { kept.messageID = UUIDv7.make() }
            properties.append(MessageJSON.text(kept))
        }
        return SQLStatement(
            """
            INSERT INTO outbox (exchange, routing_key, properties, headers, body, job_id, not_before)
            SELECT exchange, routing_key, properties, headers, body, job_id, not_before
            FROM unnest($1, $2, $3, $4, $5, $6, $7) WITH ORDINALITY
                AS new (exchange, routing_key, properties, headers, body, job_id, not_before, place)
            ORDER BY place
            """,
            [
                .textArray(messages.map(\.exchange)), .textArray(messages.map(\.routingKey)), .textArray(properties),
                .textArray(messages.map { MessageJSON.text($0.message.headers) }),
                .bytesArray(messages.map(\.message.body)),
                .textArray(messages.map { $0.message.headers[FleetHeader.jobID]?.text }),
                .timestampArray(notBefore),
            ]
        )
    }

    /// Takes back the messages of jobs that are not yet published.
    ///
    /// Not waiting for a relay that is publishing one: it may be waiting for the job's row.
    package static func takeBack(jobs ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM outbox WHERE id = ANY (ARRAY(
                SELECT id FROM outbox WHERE job_id = ANY ($1) FOR UPDATE SKIP LOCKED))
            """,
            [.textArray(ids.map(\.storable))]
        )
    }

    /// How often the message of a job was refused, the last reason, and when it is tried again; no row once it is published.
    package static func message(ofJob id: String) -> SQLStatement {
        SQLStatement(
            "SELECT attempts, last_error, not_before FROM outbox WHERE job_id = $1 ORDER BY id LIMIT 1",
            [.text(id.storable)]
        )
    }

    /// Locks up to `limit` rows that are due and that no other relay has, in the order in which they were inserted.
    ///
    /// To be executed in one pipeline; each result is for ``claimed(_:)``.
    package static func claim(limit: Int) -> [SQLStatement] {
        let columns = "SELECT id, exchange, routing_key, properties, headers, body, job_id, attempts FROM outbox"
        return [
            SQLStatement(
                "\(columns) WHERE not_before IS NULL ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
                [.int(Int64(limit))]
            ),
            SQLStatement(
                "\(columns) WHERE not_before <= now() ORDER BY not_before, id LIMIT $1 FOR UPDATE SKIP LOCKED",
                [.int(Int64(limit))]
            ),
        ]
    }

    /// What a claim has locked.
    package static func claimed(_ result: SQLResult) -> [OutboxRow] { result.map(OutboxRow.init) }

    /// Deletes what the broker has confirmed; jobs that were scheduled are queued now.
    package static func confirmed(_ rows: [OutboxRow]) -> [SQLStatement] {
        guard !rows.isEmpty else { return [] }
        let delete = SQLStatement("DELETE FROM outbox WHERE id = ANY ($1)", [.intArray(rows.map(\.id))])
        let jobs = rows.compactMap(\.jobID)
        return jobs.isEmpty ? [delete] : [delete, Jobs.queued(jobs)]
    }

    /// Keeps what the broker has not taken, for another try after a wait.
    package static func refused(_ row: OutboxRow, error: String, wait: Duration) -> SQLStatement {
        SQLStatement(
            """
            UPDATE outbox SET attempts = attempts + 1, last_error = $2,
                not_before = now() + $3 * interval '1 second' WHERE id = $1
            """,
            [.int(row.id), .text(error), .double(wait.seconds)]
        )
    }

    /// Rows that were refused are tried again at once: what they need has been declared again.
    package static let retryRefused = SQLStatement(
        "UPDATE outbox SET not_before = now() WHERE attempts > 0 AND not_before > now()"
    )

    /// Keeps a retry, a dead letter or a snoozed message that could not be published, until it can be.
    ///
    /// - Parameters:
    ///   - delay: how long it stays away from its queue, by the server's clock.
    ///   - queue: whose message it is.
    ///   - key: the same for two copies of one; the second is not kept.
    package static func keep(
        _ outgoing: OutgoingMessage,
        after delay: Duration?,
        for queue: String,
        key: String
    ) -> SQLStatement {
        let message = outgoing.message
        return SQLStatement(
            """
            INSERT INTO outbox (exchange, routing_key, properties, headers, body, job_id, not_before, waiting_for,
                waiting_key)
            VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 second', $8, $9)
            ON CONFLICT (waiting_key) WHERE waiting_key IS NOT NULL DO NOTHING
            """,
            [
                .text(outgoing.exchange), .text(outgoing.routingKey), .text(MessageJSON.text(message.properties)),
                .text(MessageJSON.text(message.headers)), .bytes(message.body),
                message.headers[FleetHeader.jobID]?.text.map { .text($0) } ?? .null,
                delay.map { .double($0.seconds) } ?? .null, .text(queue), .text(key),
            ]
        )
    }

    /// How many messages wait, for each queue; retries, dead letters and snoozed ones that could not be published.
    package static let waiting = SQLStatement(
        "SELECT waiting_for, count(*) FROM outbox WHERE waiting_for IS NOT NULL GROUP BY waiting_for ORDER BY 1"
    )

    /// How many rows are due: those without a time, and those whose time has come, each counted up to the limit.
    package static func pending(upTo limit: Int) -> SQLStatement {
        SQLStatement(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE not_before IS NULL LIMIT $1) AS ready)
                + (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE not_before <= now() LIMIT $1) AS due)
            """,
            [.int(Int64(limit))]
        )
    }
}
