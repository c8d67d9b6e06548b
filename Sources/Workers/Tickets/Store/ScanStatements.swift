import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

/// The records of scans.
enum ScanStatements {
    static func insert(_ result: ScanResult, _ request: ScanRequest, suspicion: ScanSuspicion?) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO ticket_scans (id, outcome, ticket_id, event_id, operator_id, location, scan_number,
                token_digest, suspicion, answer, correlation_id, created_by, scanned_at)
            VALUES ($1, $2, $3::text, $4, $5, $6, $7::bigint::integer, $8, $9::text, $10, $11::text, $12::text, $13)
            """,
            [
                .text(result.id), .text(result.outcome.rawValue), .optional(result.ticketID),
                .text(request.eventID.text), .text(request.operatorID.text), .text(request.location),
                result.scanCount.map { .int(Int64($0.count)) } ?? .null, .bytes(SHA256.digest(request.code)),
                .optional(suspicion?.rawValue), .text(result.answer.json),
                .optional(request.correlationID), .optional(request.createdBy), .timestamp(result.at),
            ]
        )
    }

    /// What a scan was answered.
    static func answer(of id: String) -> SQLStatement {
        SQLStatement("SELECT answer FROM ticket_scans WHERE id = $1", [.text(id)])
    }

    /// One after the other, so that a burst is reported once.
    static func lock(operator id: String) -> SQLStatement {
        SQLStatement("SELECT pg_advisory_xact_lock(hashtextextended('forged ' || $1, 0))", [.text(id)])
    }

    /// How many codes that the operator has scanned of late were forged, counted up to the limit, and whether a burst
    /// of them was reported.
    static func forged(by id: String, _ rules: ScanRules) -> SQLStatement {
        let outcomes = ScanOutcome.forgeries.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        return SQLStatement(
            """
            SELECT
                (SELECT count(*) FROM (SELECT 1 FROM ticket_scans WHERE operator_id = $1 AND outcome IN (\(outcomes))
                    AND scanned_at > clock_timestamp() - $2 * interval '1 second' LIMIT $3) AS recent),
                EXISTS (SELECT FROM ticket_scans WHERE operator_id = $1 AND outcome IN (\(outcomes))
                    AND scanned_at > clock_timestamp() - $4 * interval '1 second' AND suspicion = $5)
            """,
            [
                .text(id), .double(rules.forgedWithin.seconds), .int(Int64(rules.forgedBurst)),
                .double(rules.silence.seconds), .text(ScanSuspicion.forgedBurst.rawValue),
            ]
        )
    }
}
