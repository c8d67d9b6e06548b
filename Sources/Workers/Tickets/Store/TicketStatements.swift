import FlotillaModels
import FlotillaStorage

/// SQL for `generated_tickets` and `ticket_generation_logs`.
enum TicketStatements {
    static func find(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT \(GeneratedTicket.columns) FROM generated_tickets WHERE ticket_id = ANY ($1)",
            [.textArray(ids)]
        )
    }

    /// Lets one transaction at a time make a ticket, the first time included, when there is no row to lock yet.
    ///
    /// The order is the same for all, so that two groups never wait for each other crosswise.
    static func lock(_ ids: [String]) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(pg_advisory_xact_lock(key)) FROM (
                SELECT DISTINCT hashtextextended('ticket in ' || current_schema() || ' ' || id, 0) AS key
                FROM unnest($1) AS id ORDER BY key
            ) AS keys
            """,
            [.textArray(ids)]
        )
    }

    /// For the transaction alone: the server ends no session while pages are drawn and stored, be the store slow.
    static let extendIdleTimeout = SQLStatement(
        "SELECT set_config('idle_in_transaction_session_timeout', '10min', true)"
    )

    /// Keeps the tickets. One that belongs to another event stays as it is; a cancelled one stays cancelled.
    ///
    /// Returns the ids of those that are kept and not cancelled.
    static func upsert(_ tickets: [GeneratedTicket]) -> SQLStatement {
        let given = GeneratedTicket.columns.replacing("has_number", with: "number")
        let values = given.replacing("number_ids", with: "number_ids <> 0")
            .replacing("number_event_id", with: "number_event_id <> 0")
        // Sorted, so that two jobs with the same tickets do not wait for each other crosswise.
        let tickets = tickets.sorted { $0.ticketID.text < $1.ticketID.text }
        return SQLStatement(
            """
            INSERT INTO generated_tickets AS old (\(GeneratedTicket.columns))
            SELECT \(values)
            FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                $22, $23, $24) AS new (\(given))
            ON CONFLICT (ticket_id) DO UPDATE SET
                has_number_ids = excluded.has_number_ids, has_number_event_id = excluded.has_number_event_id,
                guest_id = excluded.guest_id, job_id = excluded.job_id,
                ticket_code = excluded.ticket_code, guest_name = excluded.guest_name,
                guest_email = excluded.guest_email, type = excluded.type, template = excluded.template,
                event_title = excluded.event_title, key_id = excluded.key_id, qr_code_data = excluded.qr_code_data,
                content_hash = excluded.content_hash, file_path = excluded.file_path, file_url = excluded.file_url,
                file_size = excluded.file_size, file_hash = excluded.file_hash, issued_at = excluded.issued_at,
                expires_at = excluded.expires_at, generated_at = excluded.generated_at,
                missing_characters = excluded.missing_characters
            WHERE old.event_id = excluded.event_id
            RETURNING CASE WHEN old.cancelled_at IS NULL THEN old.ticket_id END
            """,
            [
                .textArray(tickets.map(\.ticketID.text)), .textArray(tickets.map(\.eventID.text)),
                .intArray(tickets.map { $0.ticketID.isNumber ? 1 : 0 }),
                .textArray(tickets.map(\.guestID)), .textArray(tickets.map(\.jobID)), .textArray(tickets.map(\.code)),
                .textArray(tickets.map(\.guestName)), .textArray(tickets.map(\.guestEmail)),
                .textArray(tickets.map(\.type)), .textArray(tickets.map(\.template)),
                .textArray(tickets.map(\.eventTitle)), .textArray(tickets.map(\.keyID)),
                .textArray(tickets.map(\.token)), .bytesArray(tickets.map(\.contentHash)),
                .textArray(tickets.map(\.path)), .textArray(tickets.map(\.url)),
                .intArray(tickets.map { Int64($0.size) }), .bytesArray(tickets.map(\.fileHash)),
                .timestampArray(tickets.map(\.issuedAt)), .timestampArray(tickets.map(\.expiresAt)),
                .timestampArray(tickets.map(\.generatedAt)), .timestampArray(tickets.map(\.cancelledAt)),
                .intArray(tickets.map { $0.eventID.isNumber ? 1 : 0 }), .textArray(tickets.map(\.missingCharacters)),
            ]
        )
    }

    static func log(_ outcomes: [TicketOutcome], job: String) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO ticket_generation_logs (job_id, position, ticket_id, status, error_code, error_message,
                processing_time_ms)
            SELECT $1, position, ticket_id, CASE WHEN error_code IS NULL THEN 'successful' ELSE 'failed' END,
                error_code, error_message, microseconds / 1000.0
            FROM unnest($2, $3, $4, $5, $6) AS new (position, ticket_id, error_code, error_message, microseconds)
            ON CONFLICT (job_id, position) DO UPDATE SET ticket_id = excluded.ticket_id, status = excluded.status,
                error_code = excluded.error_code, error_message = excluded.error_message,
                processing_time_ms = excluded.processing_time_ms, created_at = now()
            """,
            [
                .text(job), .intArray(outcomes.map { Int64($0.position) }), .textArray(outcomes.map(\.ticketID?.text)),
                .textArray(outcomes.map(\.problem?.code.rawValue)), .textArray(outcomes.map(\.problem?.message)),
                .intArray(outcomes.map { Int64($0.duration / .microseconds(1)) }),
            ]
        )
    }

    /// Takes away what an earlier, longer version of the job has logged.
    static func trimLog(job: String, total: Int) -> SQLStatement {
        SQLStatement(
            "DELETE FROM ticket_generation_logs WHERE job_id = $1 AND position >= $2",
            [.text(job), .int(Int64(total))]
        )
    }
}
