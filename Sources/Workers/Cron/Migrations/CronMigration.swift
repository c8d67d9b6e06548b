/// Jobs that are enqueued again and again.
enum CronMigration {
    static let sql = """
        CREATE TABLE cron_entries (
            name text CONSTRAINT pk_cron_entries PRIMARY KEY,
            type text NOT NULL,
            payload bytea NOT NULL,
            schedule text NOT NULL,
            time_zone text NOT NULL,
            overlap text NOT NULL CONSTRAINT ck_cron_entries_overlap CHECK (
                overlap IN ('skip', 'buffer_one', 'allow', 'cancel_other')),
            catch_up interval NOT NULL,
            jitter interval NOT NULL,
            pause_on_failure boolean NOT NULL,
            priority smallint NOT NULL,
            max_attempts integer,
            expires_after interval,
            source text NOT NULL CONSTRAINT ck_cron_entries_source CHECK (source IN ('file', 'api')),
            paused_at timestamptz,
            paused_by text,
            note text,
            -- The job whose death has paused the entry last: it does not do so again.
            paused_for text,
            -- The nominal time of the next run; none when the schedule has ended.
            next_at timestamptz,
            last_nominal_at timestamptz,
            last_job_id text,
            missed bigint NOT NULL DEFAULT 0,
            skipped bigint NOT NULL DEFAULT 0,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL
        );
        CREATE INDEX idx_cron_entries_next_at ON cron_entries (next_at) WHERE paused_at IS NULL;
        """
}
