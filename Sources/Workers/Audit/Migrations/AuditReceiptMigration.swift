/// From whom an event came in. Rows with these columns have the `hash_version` 2; those of version 1 have none of them.
enum AuditReceiptMigration {
    static let columns = """
        ALTER TABLE audit_logs
            ADD COLUMN received_by text,
            ADD COLUMN received_route text,
            ADD COLUMN received_address text,
            ADD COLUMN received_at timestamptz,
            ADD COLUMN received_id text;
        """

    /// Reads all of the table, while writers wait: a step of its own, so that readers need not, and writers for no longer.
    ///
    /// It costs an appended row next to nothing, see ``AuditPrivacyMigration``.
    static let index = """
        CREATE INDEX idx_audit_logs_received ON audit_logs USING brin (
            received_by text_bloom_ops (n_distinct_per_range = 100),
            received_id text_bloom_ops (n_distinct_per_range = 1000)
        ) WITH (pages_per_range = 32, autosummarize = true);
        """
}
