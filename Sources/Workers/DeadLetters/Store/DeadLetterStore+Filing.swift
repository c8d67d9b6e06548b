import FlotillaModels
import FlotillaStorage

extension DeadLetterStore {
    static let columns = """
        id, state, dead_at, changed_at, queue, event, exchange, routing_key, properties, headers, body, error_type,
        error_message, error_fingerprint, failed_worker, attempts, first_failed_at, last_failed_at, replay_of,
        replay_operation_id, is_edited
        """

    /// Stores the dead letters in one transaction, and ends their jobs. Storing one again changes nothing, unless it
    /// has died once more in the meantime; then it is dead again, with its last failure.
    ///
    /// A copy of what is filed may come after an operator has sent the message back: it must not end the job again.
    func file(_ deadLetters: [DeadLetter]) async throws(PostgresError) {
        var newest: [String: Int] = [:]
        let keys = deadLetters.map(\.filingKey)
        // Of several copies in one batch the last is filed.
        for (index, key) in keys.enumerated() { newest[key] = index }
        let kept = deadLetters.indices.filter { newest[keys[$0]] == $0 }
        guard !kept.isEmpty else { return }
        let insert = Self.insert(kept.map { deadLetters[$0] }, keys: kept.map { keys[$0] })
        do {
            try await pool.transaction { transaction in
                let filed = Set(try await transaction.query(insert).compactMap { $0.text(0) })
                let dead = kept.filter { filed.contains(keys[$0]) }.map { deadLetters[$0] }
                try await transaction.commit(after: Self.ends(of: dead))
            }
        } catch let error as PostgresError {
            throw error
        } catch {
            throw PostgresError(code: .protocolViolation, operation: "file dead letters", detail: "\(error)")
        }
    }

    /// What ends the jobs of the dead letters.
    private static func ends(of deadLetters: [DeadLetter]) -> [SQLStatement] {
        let jobs = deadLetters.compactMap { deadLetter in deadLetter.jobID.map { (id: $0, deadLetter) } }
        return jobs.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }.map { id, deadLetter in
            Jobs.dead(id, attempts: deadLetter.attempts, failure: deadLetter.failure)
        }
    }

    private static func insert(_ deadLetters: [DeadLetter], keys: [String]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO dead_letters AS old (filing_key, queue, event, message_id, correlation_id, job_id, exchange,
                routing_key, properties, headers, body, error_type, error_message, error_fingerprint, failed_worker,
                attempts, first_failed_at, last_failed_at, replay_of, replay_operation_id, is_edited)
            SELECT filing_key, queue, event, message_id, correlation_id, job_id, exchange, routing_key, properties,
                headers, body, error_type, error_message, error_fingerprint, failed_worker, attempts,
                first_failed_at, last_failed_at, replay_of, replay_operation_id, is_edited <> 0
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                WITH ORDINALITY AS new (filing_key, queue, event, message_id, correlation_id, job_id, exchange,
                routing_key, properties, headers, body, error_type, error_message, error_fingerprint, failed_worker,
                attempts, first_failed_at, last_failed_at, replay_of, replay_operation_id, is_edited, place)
            ORDER BY place
            ON CONFLICT (filing_key) DO UPDATE SET state = 'dead', changed_at = now(), dead_at = now(),
                event = EXCLUDED.event, correlation_id = EXCLUDED.correlation_id, exchange = EXCLUDED.exchange,
                routing_key = EXCLUDED.routing_key, properties = EXCLUDED.properties, headers = EXCLUDED.headers,
                body = EXCLUDED.body, error_type = EXCLUDED.error_type, error_message = EXCLUDED.error_message,
                error_fingerprint = EXCLUDED.error_fingerprint, failed_worker = EXCLUDED.failed_worker,
                attempts = EXCLUDED.attempts, first_failed_at = EXCLUDED.first_failed_at,
                last_failed_at = EXCLUDED.last_failed_at
            WHERE old.last_failed_at IS DISTINCT FROM EXCLUDED.last_failed_at
            RETURNING filing_key
            """,
            [
                .textArray(keys), texts(deadLetters, \.queue), texts(deadLetters, \.event),
                texts(deadLetters, \.messageID),
                texts(deadLetters, \.correlationID), texts(deadLetters, \.jobID), texts(deadLetters, \.exchange),
                texts(deadLetters, \.routingKey),
                .textArray(deadLetters.map { MessageJSON.text($0.message.properties) }),
                .textArray(deadLetters.map { MessageJSON.text($0.message.headers) }),
                .bytesArray(deadLetters.map(\.message.body)), texts(deadLetters, \.failure.type),
                texts(deadLetters, \.failure.message), texts(deadLetters, \.fingerprint), texts(deadLetters, \.worker),
                .intArray(deadLetters.map { Int64($0.attempts) }), .timestampArray(deadLetters.map(\.firstFailedAt)),
                .timestampArray(deadLetters.map(\.lastFailedAt)), .intArray(deadLetters.map(\.replayOf)),
                texts(deadLetters, \.replayOperationID), .intArray(deadLetters.map { $0.isEdited ? 1 : 0 }),
            ]
        )
    }

    private static func texts(_ deadLetters: [DeadLetter], _ text: (DeadLetter) -> String?) -> SQLValue {
        .textArray(deadLetters.map { text($0)?.withoutNulls })
    }
}

extension StoredDeadLetter {
    /// Reads a row of `DeadLetterStore.columns`.
    init(_ row: SQLRow) throws(MessageJSONError) {
        let message = Message(
            properties: try MessageJSON.properties(row.text(8) ?? "{}"),
            headers: try MessageJSON.headers(row.text(9) ?? "{}"),
            body: row.bytes(10) ?? []
        )
        filing = DeadLetter.Filing(
            id: row.int(0) ?? 0,
            state: row.text(1).flatMap(DeadLetter.State.init) ?? .dead,
            deadAt: row.timestamp(2) ?? 0,
            changedAt: row.timestamp(3) ?? 0
        )
        deadLetter = DeadLetter(
            queue: row.text(4) ?? "",
            event: row.text(5) ?? "",
            exchange: row.text(6) ?? "",
            routingKey: row.text(7) ?? "",
            message: message,
            failure: Failure(type: row.text(11) ?? "", message: row.text(12) ?? "", isPermanent: true),
            fingerprint: row.text(13) ?? "",
            attempts: Int(row.int(15) ?? 0),
            worker: row.text(14),
            firstFailedAt: row.timestamp(16),
            lastFailedAt: row.timestamp(17),
            replayOf: row.int(18),
            replayOperationID: row.text(19),
            isEdited: row.bool(20) ?? false
        )
    }
}
