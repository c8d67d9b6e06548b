/// Scans of tickets: who was let in, and every scan.
///
/// An admission stands for itself, so that a ticket that is made again keeps it. `previous_…` is the scan before the
/// last one: what a refusal reports.
enum ScansMigration {
    static let sql = """
        CREATE TABLE ticket_admissions (
            ticket_id text NOT NULL CONSTRAINT pk_ticket_admissions PRIMARY KEY,
            event_id text NOT NULL,
            scan_count integer NOT NULL DEFAULT 1,
            first_scan_at timestamptz NOT NULL,
            first_location text NOT NULL,
            first_operator_id text NOT NULL,
            last_scan_at timestamptz NOT NULL,
            last_location text NOT NULL,
            last_operator_id text NOT NULL,
            previous_scan_at timestamptz,
            previous_location text,
            previous_operator_id text,
            suspected_at timestamptz
        ) WITH (fillfactor = 80);
        CREATE INDEX idx_ticket_admissions_event_id ON ticket_admissions (event_id, first_scan_at);

        CREATE TABLE ticket_scans (
            id text NOT NULL CONSTRAINT pk_ticket_scans PRIMARY KEY,
            outcome text NOT NULL CONSTRAINT ck_ticket_scans_outcome CHECK (outcome IN (
                'valid', 'already_used', 'cancelled', 'wrong_event', 'unknown_ticket', 'expired_token', 'expired_key',
                'forged', 'unknown_key', 'not_a_ticket')),
            ticket_id text,
            event_id text NOT NULL,
            operator_id text NOT NULL,
            location text NOT NULL,
            scan_number integer,
            token_digest bytea NOT NULL,
            suspicion text,
            idempotency_key text CONSTRAINT uk_ticket_scans_idempotency_key UNIQUE,
            request_hash bytea,
            answer text NOT NULL,
            correlation_id text,
            created_by text,
            scanned_at timestamptz NOT NULL
        );
        CREATE INDEX idx_ticket_scans_ticket_id ON ticket_scans (ticket_id, scanned_at) WHERE ticket_id IS NOT NULL;
        CREATE INDEX idx_ticket_scans_event_id ON ticket_scans (event_id, scanned_at);
        CREATE INDEX idx_ticket_scans_operator_id ON ticket_scans (operator_id, scanned_at)
            WHERE outcome IN ('forged', 'unknown_key', 'not_a_ticket');
        """
}
