/// What every part of the fleet stands on: inbox, outbox, jobs, API keys, dead letters, and what operators did.
///
/// Properties and headers are `text`: their JSON (see `MessageJSON`) is kept letter for letter, names that occur twice
/// and their order included, which `jsonb` would not do.
enum CoreMigration {
    static let sql = inbox + outbox + jobs + apiKeys + deadLetters

    private static let inbox = """
        CREATE TABLE inbox (
            consumer text NOT NULL,
            message_id text NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_inbox PRIMARY KEY (consumer, message_id)
        );
        CREATE INDEX idx_inbox_received_at ON inbox USING brin (received_at);

        """

    /// `not_before` is NULL for what goes out at once, so that the relay finds it by a small index of its own, however
    /// much waits for a later time.
    private static let outbox = """
        CREATE TABLE outbox (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
            exchange text NOT NULL,
            routing_key text NOT NULL,
            properties text NOT NULL,
            headers text NOT NULL,
            body bytea NOT NULL,
            job_id text,
            not_before timestamptz,
            attempts integer NOT NULL DEFAULT 0,
            last_error text,
            created_at timestamptz NOT NULL DEFAULT now()
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
        CREATE INDEX idx_outbox_ready ON outbox (id) WHERE not_before IS NULL;
        CREATE INDEX idx_outbox_not_before ON outbox (not_before) WHERE not_before IS NOT NULL;
        CREATE INDEX idx_outbox_job_id ON outbox (job_id) WHERE job_id IS NOT NULL;

        CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('flotilla_outbox', '');
            RETURN NULL;
        END $$;
        CREATE TRIGGER outbox_inserted AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();

        """

    private static let jobs = """
        CREATE TABLE jobs (
            id text NOT NULL CONSTRAINT pk_jobs PRIMARY KEY,
            type text NOT NULL,
            state text NOT NULL CONSTRAINT ck_jobs_state CHECK (
                state IN ('scheduled', 'queued', 'running', 'retrying', 'succeeded', 'dead', 'cancelled')),
            payload bytea NOT NULL,
            idempotency_key text CONSTRAINT uk_jobs_idempotency_key UNIQUE,
            request_hash bytea,
            attempts integer NOT NULL DEFAULT 0,
            max_attempts integer,
            priority smallint NOT NULL DEFAULT 0,
            scheduled_at timestamptz,
            enqueued_at timestamptz NOT NULL DEFAULT now(),
            started_at timestamptz,
            finished_at timestamptz,
            result jsonb,
            error_type text,
            error_message text,
            correlation_id text,
            created_by text
        );
        CREATE INDEX idx_jobs_state_id ON jobs (state, id DESC);
        CREATE INDEX idx_jobs_type_id ON jobs (type, id DESC);
        CREATE INDEX idx_jobs_correlation_id ON jobs (correlation_id) WHERE correlation_id IS NOT NULL;
        CREATE INDEX idx_jobs_finished_at ON jobs (finished_at) WHERE finished_at IS NOT NULL;

        """

    private static let apiKeys = """
        CREATE TABLE api_keys (
            id text NOT NULL CONSTRAINT pk_api_keys PRIMARY KEY,
            name text NOT NULL,
            secret_hash bytea NOT NULL,
            scopes text[] NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            last_used_at timestamptz,
            expires_at timestamptz,
            revoked_at timestamptz
        );

        """

    /// `filing_key` names one death of one message: filing it again after a crash changes nothing.
    private static let deadLetters = """
        CREATE TABLE operator_actions (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_operator_actions PRIMARY KEY,
            operation_id text NOT NULL CONSTRAINT uk_operator_actions_operation_id UNIQUE,
            action text NOT NULL,
            actor text NOT NULL,
            reason text,
            parameters jsonb NOT NULL DEFAULT '{}',
            state text NOT NULL DEFAULT 'running' CONSTRAINT ck_operator_actions_state CHECK (
                state IN ('running', 'completed', 'stopped', 'failed')),
            matched bigint NOT NULL DEFAULT 0,
            changed bigint NOT NULL DEFAULT 0,
            error_message text,
            created_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        );
        CREATE INDEX idx_operator_actions_created_at ON operator_actions (created_at);

        CREATE TABLE dead_letters (
            id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_dead_letters PRIMARY KEY,
            filing_key text NOT NULL CONSTRAINT uk_dead_letters_filing_key UNIQUE,
            queue text NOT NULL,
            state text NOT NULL DEFAULT 'dead' CONSTRAINT ck_dead_letters_state CHECK (
                state IN ('dead', 'requeued', 'archived', 'purged')),
            message_id text,
            event text,
            correlation_id text,
            job_id text,
            exchange text NOT NULL,
            routing_key text NOT NULL,
            properties text NOT NULL,
            headers text NOT NULL,
            body bytea NOT NULL,
            error_type text,
            error_message text,
            error_fingerprint text,
            failed_worker text,
            attempts integer NOT NULL DEFAULT 0,
            first_failed_at timestamptz,
            last_failed_at timestamptz,
            dead_at timestamptz NOT NULL DEFAULT now(),
            changed_at timestamptz NOT NULL DEFAULT now(),
            replay_of bigint,
            replay_operation_id text,
            is_edited boolean NOT NULL DEFAULT false
        );
        CREATE INDEX idx_dead_letters_queue_state_id ON dead_letters (queue, state, id);
        CREATE INDEX idx_dead_letters_state_dead_at ON dead_letters (state, dead_at);
        CREATE INDEX idx_dead_letters_error_fingerprint ON dead_letters (error_fingerprint, state);
        CREATE INDEX idx_dead_letters_message_id ON dead_letters (message_id) WHERE message_id IS NOT NULL;
        CREATE INDEX idx_dead_letters_correlation_id ON dead_letters (correlation_id) WHERE correlation_id IS NOT NULL;
        CREATE INDEX idx_dead_letters_replay_operation_id ON dead_letters (replay_operation_id)
            WHERE replay_operation_id IS NOT NULL;
        """
}
