/// Losses of the audit log's own queue stay on record for ever: `is_kept`. Until now their notes told which they are.
enum KeptLossesMigration {
    static let sql = """
        ALTER TABLE queue_gaps ADD COLUMN is_kept boolean NOT NULL DEFAULT false;
        UPDATE queue_gaps SET is_kept = true WHERE note LIKE '%may have no audit row';
        """
}
