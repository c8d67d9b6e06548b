/// People's keys, linked actions, access logs, checkpoints, and what reports are found by.
///
/// The bloom indexes cost an appended row next to nothing: they sum up ranges of pages once those are full. They find
/// rows by equality, in whatever month, without looking at the other pages.
enum AuditPrivacyMigration {
    static let sql = subjects + actions + checkpoints + months + indexes

    /// A subject whose `wrapped_key` is NULL is forgotten: the row stays so that nothing of it is taken down again.
    private static let subjects = """
        CREATE TABLE audit_secrets (
            name text NOT NULL CONSTRAINT pk_audit_secrets PRIMARY KEY,
            master text NOT NULL,
            wrapped_key bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );

        CREATE TABLE audit_subjects (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_audit_subjects PRIMARY KEY,
            name text NOT NULL CONSTRAINT uk_audit_subjects_name UNIQUE,
            master text,
            wrapped_key bytea,
            created_at timestamptz NOT NULL DEFAULT now(),
            forgotten_at timestamptz,
            CONSTRAINT ck_audit_subjects_wrapped_key CHECK (
                (wrapped_key IS NULL) = (forgotten_at IS NOT NULL) AND (wrapped_key IS NULL) = (master IS NULL))
        );
        CREATE INDEX idx_audit_subjects_master ON audit_subjects (master, id) WHERE master IS NOT NULL;

        CREATE TABLE audit_subject_traces (
            subject_id bigint NOT NULL,
            digest bytea NOT NULL,
            category text NOT NULL,
            sealed bytea NOT NULL,
            CONSTRAINT pk_audit_subject_traces PRIMARY KEY (subject_id, digest),
            CONSTRAINT fk_audit_subject_traces_subject_id FOREIGN KEY (subject_id) REFERENCES audit_subjects (id)
        );
        CREATE INDEX idx_audit_subject_traces_digest ON audit_subject_traces (digest);

        CREATE TABLE audit_subject_aliases (
            alias text NOT NULL,
            subject_id bigint NOT NULL,
            CONSTRAINT pk_audit_subject_aliases PRIMARY KEY (alias, subject_id),
            CONSTRAINT fk_audit_subject_aliases_subject_id FOREIGN KEY (subject_id) REFERENCES audit_subjects (id)
        );
        CREATE INDEX idx_audit_subject_aliases_subject_id ON audit_subject_aliases (subject_id);

        """

    /// Derived from the rows of the chain, which they point to; `action_key` is the id that the event itself gives.
    private static let actions = """
        CREATE TABLE audit_action_steps (
            lane smallint NOT NULL,
            sequence bigint NOT NULL,
            recorded_at timestamptz NOT NULL,
            occurred_at timestamptz NOT NULL,
            phase text NOT NULL CONSTRAINT ck_audit_action_steps_phase CHECK (
                phase IN ('started', 'completed', 'failed')),
            action text,
            action_key text,
            message_id text NOT NULL,
            correlation_id text,
            actor text,
            CONSTRAINT pk_audit_action_steps PRIMARY KEY (lane, sequence)
        );
        CREATE INDEX idx_audit_action_steps_action_key ON audit_action_steps (action_key) WHERE action_key IS NOT NULL;
        CREATE INDEX idx_audit_action_steps_message_id ON audit_action_steps (message_id);
        CREATE INDEX idx_audit_action_steps_correlation_id ON audit_action_steps (correlation_id)
            WHERE correlation_id IS NOT NULL;
        CREATE INDEX idx_audit_action_steps_occurred_at ON audit_action_steps (occurred_at);

        CREATE VIEW audit_actions AS
        SELECT started.action, started.actor, started.correlation_id, started.message_id,
            coalesce(finished.phase, 'started') AS status,
            started.occurred_at AS started_at, finished.occurred_at AS finished_at,
            finished.occurred_at - started.occurred_at AS duration,
            started.lane AS started_lane, started.sequence AS started_sequence,
            finished.lane AS finished_lane, finished.sequence AS finished_sequence
        FROM audit_action_steps AS started
        LEFT JOIN LATERAL (
            SELECT step.* FROM audit_action_steps AS step
            WHERE step.phase <> 'started' AND (
                step.action_key = started.action_key OR step.action_key = started.message_id OR (
                    step.correlation_id = started.correlation_id
                    AND (step.action = started.action OR step.action IS NULL)
                    AND (step.action_key IS NULL OR started.action_key IS NULL)))
            ORDER BY step.recorded_at, step.lane, step.sequence LIMIT 1
        ) AS finished ON true
        WHERE started.phase = 'started';

        CREATE VIEW access_logs AS
        SELECT actor AS viewer, split_part(event, '.', 1) AS resource_type, subject AS resource_id,
            occurred_at AS accessed_at, recorded_at, event, service, correlation_id, message_id, lane, sequence
        FROM audit_logs WHERE event IN ('profile.viewed', 'document.accessed');

        """

    private static let checkpoints = """
        CREATE TABLE audit_chain (
            id text NOT NULL CONSTRAINT pk_audit_chain PRIMARY KEY,
            is_only boolean NOT NULL DEFAULT true CONSTRAINT uk_audit_chain_is_only UNIQUE CHECK (is_only)
        );
        INSERT INTO audit_chain (id) VALUES (gen_random_uuid()::text);

        CREATE TABLE audit_checkpoints (
            number bigint NOT NULL CONSTRAINT pk_audit_checkpoints PRIMARY KEY,
            statement text NOT NULL,
            key_id text NOT NULL,
            signature bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now()
        );

        """

    /// As before, but that after the lock it looks into the catalogue itself: a name that was not there a moment ago is
    /// remembered as missing, also when somebody else has made it while this one waited.
    private static let months = """
        CREATE OR REPLACE FUNCTION audit_logs_ensure_month(moment timestamptz) RETURNS text LANGUAGE plpgsql AS $function$
        DECLARE
            first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
            partition text := 'audit_logs_' || to_char(first_day, 'YYYY_MM');
        BEGIN
            IF to_regclass(format('%I', partition)) IS NOT NULL THEN
                RETURN partition;
            END IF;
            PERFORM pg_advisory_xact_lock(hashtextextended('audit_logs_ensure_month', 0));
            IF NOT EXISTS (
                SELECT FROM pg_class WHERE relname = partition AND relnamespace = current_schema()::regnamespace)
            THEN
                EXECUTE format('CREATE TABLE %I (LIKE audit_logs INCLUDING ALL)', partition);
                EXECUTE format(
                    'ALTER TABLE audit_logs ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    partition,
                    first_day AT TIME ZONE 'UTC',
                    (first_day + interval '1 month') AT TIME ZONE 'UTC'
                );
            END IF;
            RETURN partition;
        END
        $function$;

        """

    private static let indexes = """
        CREATE INDEX idx_audit_logs_recorded_at ON audit_logs (recorded_at);
        CREATE INDEX idx_audit_logs_names ON audit_logs USING brin (
            subject text_bloom_ops (n_distinct_per_range = 1000),
            actor text_bloom_ops (n_distinct_per_range = 1000),
            correlation_id text_bloom_ops (n_distinct_per_range = 1000),
            message_id text_bloom_ops (n_distinct_per_range = 1000),
            event text_bloom_ops (n_distinct_per_range = 50)
        ) WITH (pages_per_range = 32, autosummarize = true);
        """
}
