import FlotillaMessaging
import FlotillaModels
package import FlotillaStorage

/// A dead letter that Postgres or an observer has refused, to be tried again.
struct UnsettledDeadLetter: Sendable {
    let id: Int64
    /// As the keeper was given it; its token is no longer of use.
    let delivery: Delivery
    /// Whether it is in `dead_letters`, and only an observer has still to be told.
    let isFiled: Bool
}

/// Some of those that were set aside, in the order of their ids.
struct TakenDeadLetters: Sendable {
    /// One whose row can't be read: somebody has changed it, or a later version has written it.
    struct Unreadable: Sendable {
        let id: Int64
        let isFiled: Bool
        let problem: String
    }

    var readable: [UnsettledDeadLetter] = []
    var unreadable: [Unreadable] = []

    var count: Int { readable.count + unreadable.count }
    var highest: Int64 { max(readable.last?.id ?? 0, unreadable.last?.id ?? 0) }
}

extension DeadLetterStore {
    /// How many dead letters of a queue can't be filed, and why not the newest.
    package struct Unfiled: Sendable, Hashable {
        package var queue: String
        package var count: Int
        package var problem: String
    }

    /// Keeps dead letters that were refused, so that they may leave their queue.
    func setAside(_ deliveries: [Delivery], isFiled: Bool, problem: String) async throws(PostgresError) {
        _ = try await pool.query(
            SQLStatement(
                """
                INSERT INTO unsettled_dead_letters (dead_letter_queue, exchange, routing_key, properties, headers, body,
                    is_filed, problem)
                SELECT queue, exchange, routing_key, properties, headers, body, $7 <> 0, $8
                FROM unnest($1, $2, $3, $4, $5, $6) AS new (queue, exchange, routing_key, properties, headers, body)
                """,
                [
                    .textArray(deliveries.map(\.queue.withoutNulls)),
                    .textArray(deliveries.map(\.exchange.withoutNulls)),
                    .textArray(deliveries.map(\.routingKey.withoutNulls)),
                    .textArray(deliveries.map { MessageJSON.text($0.message.properties) }),
                    .textArray(deliveries.map { MessageJSON.text($0.message.headers) }),
                    .bytesArray(deliveries.map(\.message.body)), .int(isFiled ? 1 : 0), .text(problem.withoutNulls),
                ]
            )
        )
    }

    /// Those whose time has come; nobody else who asks for such gets them for a second at least, and for 8 at most.
    ///
    /// - Parameter id: takes those after it instead, whether their time has come or not, and whoever is at them: to try one
    ///   twice at a time does no harm.
    func takeUnsettled(after id: Int64?, limit: Int) async throws(PostgresError) -> TakenDeadLetters {
        let condition = id == nil ? "due_at <= now() ORDER BY due_at" : "id > $2 ORDER BY id"
        let result = try await pool.query(
            SQLStatement(
                """
                UPDATE unsettled_dead_letters SET tries = tries + 1,
                    due_at = now() + power(2, least(tries, 3)) * interval '1 second'
                WHERE id = ANY (ARRAY(
                    SELECT id FROM unsettled_dead_letters WHERE \(condition) LIMIT $1 FOR UPDATE SKIP LOCKED))
                RETURNING id, dead_letter_queue, exchange, routing_key, properties, headers, body, is_filed
                """,
                [.int(Int64(limit))] + (id.map { [.int($0)] } ?? [])
            )
        )
        var taken = TakenDeadLetters()
        for row in result.sorted(by: { ($0.int(0) ?? 0) < ($1.int(0) ?? 0) }) {
            do throws(MessageJSONError) {
                taken.readable.append(try UnsettledDeadLetter(row))
            } catch {
                let problem = "its row can't be read: \(error)"
                taken.unreadable.append(
                    .init(id: row.int(0) ?? 0, isFiled: row.bool(7) ?? false, problem: problem)
                )
            }
        }
        return taken
    }

    /// It is filed, and every observer knows it.
    func settled(_ id: Int64) async throws(PostgresError) {
        _ = try await pool.query(SQLStatement("DELETE FROM unsettled_dead_letters WHERE id = $1", [.int(id)]))
    }

    func refusedAgain(_ id: Int64, isFiled: Bool, problem: String) async throws(PostgresError) {
        _ = try await pool.query(
            SQLStatement(
                "UPDATE unsettled_dead_letters SET is_filed = $2 <> 0, problem = $3 WHERE id = $1",
                [.int(id), .int(isFiled ? 1 : 0), .text(problem.withoutNulls)]
            )
        )
    }

    /// Those that are not filed, by queue.
    package func unfiled() async throws(PostgresError) -> [Unfiled] {
        let result = try await pool.query(
            SQLStatement(
                """
                SELECT dead_letter_queue, count(*), (array_agg(problem ORDER BY id DESC))[1]
                FROM unsettled_dead_letters WHERE NOT is_filed GROUP BY dead_letter_queue ORDER BY dead_letter_queue
                """
            )
        )
        return result.map { row in
            let queue = row.text(0) ?? ""
            return Unfiled(
                queue: QueueName.origin(ofDeadLetterQueue: queue) ?? queue,
                count: Int(row.int(1) ?? 0),
                problem: row.text(2) ?? ""
            )
        }
    }

    /// Those of the messages that were running when a worker process died, by what ``CrashNotes`` call them.
    func crashed(_ identities: [String]) async throws(PostgresError) -> Set<String> {
        Set(try await pool.query(CrashNotes.find(identities)).compactMap { $0.text(0) })
    }
}

extension UnsettledDeadLetter {
    fileprivate init(_ row: SQLRow) throws(MessageJSONError) {
        let message = Message(
            properties: try MessageJSON.properties(row.text(4) ?? "{}"),
            headers: try MessageJSON.headers(row.text(5) ?? "{}"),
            body: row.bytes(6) ?? []
        )
        id = row.int(0) ?? 0
        delivery = Delivery(
            message: message,
            queue: row.text(1) ?? "",
            exchange: row.text(2) ?? "",
            routingKey: row.text(3) ?? "",
            isRedelivered: true,
            token: DeliveryToken(epoch: 0, tag: 0)
        )
        isFiled = row.bool(7) ?? false
    }
}
