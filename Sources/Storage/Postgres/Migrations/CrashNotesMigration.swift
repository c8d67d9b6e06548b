/// The messages that were running when a worker process died. The primary key is a hash, so no personal data is in it.
enum CrashNotesMigration {
    static let sql = """
        CREATE TABLE crash_notes (
            identity text NOT NULL CONSTRAINT pk_crash_notes PRIMARY KEY,
            noted_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX idx_crash_notes_noted_at ON crash_notes (noted_at);
        """
}
