import FlotillaModels
import FlotillaStorage

/// A generation job as its row has it when it begins.
struct TicketJobRecord: Sendable {
    enum Status: String, Sendable {
        case running, completed, failed, cancelled
    }

    let status: Status
    /// Seconds since 1970: when it was first begun, which is when its tickets are issued.
    let startedAt: UInt32

    init?(_ row: SQLRow) {
        guard let status = row.text(0).flatMap(Status.init), let startedAt = row.timestamp(1) else { return nil }
        self.status = status
        self.startedAt = UInt32(clamping: startedAt / 1_000_000)
    }

    /// The row of this job, made when it is new, and begun again when it was asked for with another content, or when
    /// its message had died.
    static func begin(_ id: String, _ jobRequest: TicketJobRequest, correlationID: String?) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO ticket_generation_jobs AS job (id, request_hash, event_id, total, correlation_id)
            VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO UPDATE SET
                status = CASE WHEN job.request_hash = excluded.request_hash AND NOT \(hasDied)
                    THEN job.status ELSE 'running' END,
                started_at = CASE WHEN job.request_hash = excluded.request_hash THEN job.started_at ELSE now() END,
                finished_at = CASE WHEN job.request_hash = excluded.request_hash AND NOT \(hasDied)
                    THEN job.finished_at END,
                request_hash = excluded.request_hash, event_id = excluded.event_id, total = excluded.total
            RETURNING status, started_at
            """,
            [
                .text(id), .bytes(jobRequest.hash), .text(jobRequest.eventID.text),
                .int(Int64(jobRequest.entries.count)),
                correlationID.map { .text($0) } ?? .null,
            ]
        )
    }

    /// One that failed by its tickets has a time that it took.
    private static let hasDied = "(job.status = 'failed' AND job.processing_time_ms IS NULL)"

    /// Ends jobs whose messages have died; touches none that does not run with that content.
    static func fail(_ ids: [String?], hashes: [[UInt8]]) -> SQLStatement {
        SQLStatement(
            """
            UPDATE ticket_generation_jobs AS job SET status = 'failed', processing_time_ms = NULL, finished_at = now()
            FROM unnest($1, $2) AS dead (id, request_hash)
            WHERE job.id = dead.id AND job.request_hash = dead.request_hash AND job.status = 'running'
            """,
            [.textArray(ids), .bytesArray(hashes)]
        )
    }

    /// Ends a job that runs; touches no other.
    static func end(_ id: String, _ status: Status, _ summary: TicketSummary) -> SQLStatement {
        SQLStatement(
            """
            UPDATE ticket_generation_jobs SET status = $2, successful = $3, failed = $4, processing_time_ms = $5,
                finished_at = now()
            WHERE id = $1 AND status = 'running'
            """,
            [
                .text(id), .text(status.rawValue), .int(Int64(summary.successful)), .int(Int64(summary.failed)),
                .int(summary.processingTime),
            ]
        )
    }

    /// Whether somebody has ended it meanwhile: the ticket job itself, or the fleet's job that carries it.
    static func isCancelled(_ id: String, fleetJob: String?) -> SQLStatement {
        SQLStatement(
            """
            SELECT EXISTS (SELECT FROM ticket_generation_jobs WHERE id = $1 AND status = 'cancelled')
                OR EXISTS (SELECT FROM jobs WHERE id = $2 AND state IN ('cancelling', 'cancelled', 'expired'))
            """,
            [.text(id), fleetJob.map { .text($0) } ?? .null]
        )
    }
}
