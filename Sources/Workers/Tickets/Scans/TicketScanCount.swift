import FlotillaModels
import FlotillaStorage

/// The count of a ticket's scans, after one more.
struct TicketScanCount: Sendable {
    struct Scan: Sendable, Hashable {
        /// Microseconds since 1970.
        let at: Int64
        let location: String
        let operatorID: String
    }

    let count: Int
    let first: Scan
    /// This scan.
    let last: Scan
    /// The scan before this one.
    let previous: Scan?
    let suspectedAt: Int64?

    /// Counts a scan of a ticket that may be used, in one statement: of any number at once, one sees the count of 1.
    ///
    /// Gives no row for a ticket that is cancelled, unknown, or of another event. The ticket is locked against being
    /// cancelled until the scan is committed, so that none is valid after its cancellation was answered.
    static func count(ticket: String, _ request: ScanRequest) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO ticket_admissions AS admission (ticket_id, event_id, first_scan_at, first_location,
                first_operator_id, last_scan_at, last_location, last_operator_id)
            SELECT ticket_id, event_id, moment, $3, $4, moment, $3, $4
            FROM generated_tickets, (SELECT clock_timestamp() AS moment) AS clock
            WHERE ticket_id = $1 AND event_id = $2 AND cancelled_at IS NULL
            FOR SHARE OF generated_tickets
            ON CONFLICT (ticket_id) DO UPDATE SET scan_count = admission.scan_count + 1,
                previous_scan_at = admission.last_scan_at, previous_location = admission.last_location,
                previous_operator_id = admission.last_operator_id, last_scan_at = clock_timestamp(),
                last_location = excluded.last_location, last_operator_id = excluded.last_operator_id
            RETURNING scan_count, first_scan_at, first_location, first_operator_id, last_scan_at, last_location,
                last_operator_id, previous_scan_at, previous_location, previous_operator_id, suspected_at
            """,
            [.text(ticket), .text(request.eventID.text), .text(request.location), .text(request.operatorID.text)]
        )
    }

    static func suspected(_ ticket: String) -> SQLStatement {
        SQLStatement("UPDATE ticket_admissions SET suspected_at = last_scan_at WHERE ticket_id = $1", [.text(ticket)])
    }

    init(_ row: SQLRow) {
        count = Int(row.int(0) ?? 0)
        func scan(_ column: Int) -> Scan? {
            row.timestamp(column).map {
                Scan(at: $0, location: row.text(column + 1) ?? "", operatorID: row.text(column + 2) ?? "")
            }
        }
        last = scan(4) ?? Scan(at: 0, location: "", operatorID: "")
        first = scan(1) ?? last
        previous = scan(7)
        suspectedAt = row.timestamp(10)
    }
}
