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
    package static func insert(_ messages: [OutgoingMessage], notBefore: [Int64?]) -> SQLStatement {
        precondition(messages.count == notBefore.count, "a time for each message")
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

    /// How many rows are due, counted up to 20,000: 10,000 without a time, and 10,000 whose time has come.
    package static let pending = SQLStatement(
        """
        SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE not_before IS NULL LIMIT 10000) AS ready)
            + (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE not_before <= now() LIMIT 10000) AS due)
        """
    )
}
