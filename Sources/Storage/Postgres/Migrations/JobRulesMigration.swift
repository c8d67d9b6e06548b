/// What a job can be beside a command for one worker: unique, one of a batch, after others, under a key, with an end to its
/// waiting, of a cron entry.
///
/// A unique key stands on the job's own row, and counts while the job is in one of the states that the row lists, so that no
/// lock can outlive its job. The trigger notes the ends that others wait for, however a job ends.
enum JobRulesMigration {
    static let sql = columns + indexes + batches + dependencies + ends

    private static let columns = """
        ALTER TABLE jobs
            ADD COLUMN expires_at timestamptz,
            ADD COLUMN unique_key bytea,
            ADD COLUMN unique_states text[],
            ADD COLUMN unique_until timestamptz,
            ADD COLUMN batch_id text,
            ADD COLUMN job_key text COLLATE "C",
            ADD COLUMN dispatched_at timestamptz,
            ADD COLUMN is_blocked boolean NOT NULL DEFAULT false,
            ADD COLUMN starts_after_any boolean NOT NULL DEFAULT false,
            ADD COLUMN is_awaited boolean NOT NULL DEFAULT false,
            ADD COLUMN cancel_by timestamptz,
            ADD COLUMN reason text,
            ADD COLUMN cron_name text,
            ADD COLUMN nominal_at timestamptz,
            ADD COLUMN field_keys text[],
            DROP CONSTRAINT ck_jobs_state;
        ALTER TABLE jobs ADD CONSTRAINT ck_jobs_state CHECK (
            state IN ('scheduled', 'waiting', 'queued', 'running', 'retrying', 'cancelling', 'succeeded', 'dead',
                'cancelled', 'expired')) NOT VALID;

        """

    /// Each covers only jobs that have what it is for, so that the others pay nothing; made on empty sets.
    private static let indexes = """
        CREATE UNIQUE INDEX uk_jobs_unique_key ON jobs (unique_key)
            WHERE unique_key IS NOT NULL AND state = ANY (unique_states);
        CREATE UNIQUE INDEX uk_jobs_cron ON jobs (cron_name, nominal_at) WHERE cron_name IS NOT NULL;
        CREATE INDEX idx_jobs_cron_open ON jobs (cron_name) WHERE cron_name IS NOT NULL AND finished_at IS NULL;
        CREATE INDEX idx_jobs_field_keys ON jobs USING gin (field_keys) WHERE field_keys IS NOT NULL;
        CREATE INDEX idx_jobs_expires_at ON jobs (expires_at)
            WHERE expires_at IS NOT NULL AND started_at IS NULL AND finished_at IS NULL;
        CREATE INDEX idx_jobs_cancel_by ON jobs (cancel_by) WHERE state = 'cancelling';
        CREATE INDEX idx_jobs_batch_id ON jobs (batch_id, state, id) WHERE batch_id IS NOT NULL;
        CREATE INDEX idx_jobs_batch_open ON jobs (batch_id, id) WHERE batch_id IS NOT NULL AND finished_at IS NULL;
        CREATE INDEX idx_jobs_key_id ON jobs (job_key, id DESC) WHERE job_key IS NOT NULL;
        CREATE INDEX idx_jobs_key_waiting ON jobs (type, job_key, priority DESC, id)
            WHERE job_key IS NOT NULL AND state = 'waiting' AND NOT is_blocked;
        CREATE INDEX idx_jobs_key_scheduled ON jobs (scheduled_at) WHERE job_key IS NOT NULL AND state = 'scheduled';
        CREATE INDEX idx_jobs_key_held ON jobs (type, job_key)
            WHERE job_key IS NOT NULL AND state IN ('queued', 'running', 'retrying', 'cancelling');
        CREATE INDEX idx_jobs_key_starts ON jobs (type, job_key, dispatched_at) WHERE dispatched_at IS NOT NULL;

        """

    private static let batches = """
        CREATE TABLE job_batches (
            id text NOT NULL CONSTRAINT pk_job_batches PRIMARY KEY,
            name text,
            created_by text,
            correlation_id text,
            is_awaited boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL DEFAULT now(),
            closed_at timestamptz,
            died_at timestamptz,
            completed_at timestamptz,
            succeeded_at timestamptz
        );
        CREATE INDEX idx_job_batches_completed_at ON job_batches (completed_at) WHERE completed_at IS NOT NULL;

        """

    /// `ended_as` is NULL while the predecessor has not ended.
    private static let dependencies = """
        CREATE TABLE job_dependencies (
            job_id text NOT NULL CONSTRAINT fk_job_dependencies_job_id REFERENCES jobs (id) ON DELETE CASCADE,
            predecessor text NOT NULL,
            ended_as text,
            CONSTRAINT pk_job_dependencies PRIMARY KEY (job_id, predecessor)
        );
        CREATE INDEX idx_job_dependencies_predecessor ON job_dependencies (predecessor);

        CREATE TABLE held_messages (
            job_id text NOT NULL CONSTRAINT pk_held_messages PRIMARY KEY
                CONSTRAINT fk_held_messages_job_id REFERENCES jobs (id) ON DELETE CASCADE,
            exchange text NOT NULL,
            routing_key text NOT NULL,
            properties text NOT NULL,
            headers text NOT NULL
        );

        CREATE TABLE job_turns (
            type text NOT NULL CONSTRAINT pk_job_turns PRIMARY KEY,
            last_key text COLLATE "C" NOT NULL DEFAULT ''
        );

        """

    private static let ends = """
        CREATE TABLE job_ends (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_job_ends PRIMARY KEY,
            job_id text,
            batch_id text
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

        CREATE FUNCTION note_job_end() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.batch_id IS NOT NULL OR NEW.is_awaited THEN
                INSERT INTO job_ends (job_id, batch_id)
                VALUES (CASE WHEN NEW.is_awaited THEN NEW.id END, NEW.batch_id);
            END IF;
            PERFORM pg_notify('flotilla_jobs', '');
            RETURN NULL;
        END $$;
        CREATE TRIGGER job_ended AFTER UPDATE OF state ON jobs FOR EACH ROW
            WHEN (NEW.finished_at IS NOT NULL AND OLD.finished_at IS NULL
                AND (NEW.batch_id IS NOT NULL OR NEW.is_awaited OR NEW.job_key IS NOT NULL))
            EXECUTE FUNCTION note_job_end();
        """
}
