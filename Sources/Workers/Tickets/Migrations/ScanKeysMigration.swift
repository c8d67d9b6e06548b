/// Takes over the idempotency keys of the last seven days' scans: before the key they had the id of their caller.
///
/// They have no fingerprint, and any request with the key repeats the scan.
enum ScanKeysMigration {
    static let sql = """
        INSERT INTO idempotency_keys (caller, idempotency_key, resource, created_at)
        SELECT 'key:' || split_part(idempotency_key, ' ', 1),
            substr(idempotency_key, strpos(idempotency_key, ' ') + 1), id, scanned_at
        FROM ticket_scans WHERE strpos(idempotency_key, ' ') > 1 AND scanned_at > now() - interval '7 days'
        ON CONFLICT DO NOTHING;
        """
}
