/// Tickets: what was asked for, what was made, what became of each one, and the keys that sign them.
///
/// A ticket is known by its id alone, as in its address. A token can be made again from its ticket's `issued_at`,
/// `expires_at` and key.
enum TicketsMigration {
    static let sql = keys + jobs + tickets + logs

    /// A key's private half, or its secret, is sealed by the master key `master`. The one key that is not superseded
    /// signs. Tokens of a key are accepted until its `retired_at`.
    private static let keys = """
        CREATE TABLE ticket_keys (
            id text NOT NULL CONSTRAINT pk_ticket_keys PRIMARY KEY,
            algorithm text NOT NULL CONSTRAINT ck_ticket_keys_algorithm CHECK (algorithm IN ('ed25519', 'hmac-sha256')),
            public_key bytea,
            master text NOT NULL,
            sealed_key bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            superseded_at timestamptz,
            retired_at timestamptz,
            CONSTRAINT ck_ticket_keys_public_key CHECK ((public_key IS NOT NULL) = (algorithm = 'ed25519'))
        );
        CREATE UNIQUE INDEX uk_ticket_keys_superseded_at ON ticket_keys ((true)) WHERE superseded_at IS NULL;

        """

    /// `request_hash` is of what decides how the tickets look: the same job with another one is done again.
    private static let jobs = """
        CREATE TABLE ticket_generation_jobs (
            id text NOT NULL CONSTRAINT pk_ticket_generation_jobs PRIMARY KEY,
            request_hash bytea NOT NULL,
            event_id text NOT NULL,
            status text NOT NULL DEFAULT 'running' CONSTRAINT ck_ticket_generation_jobs_status CHECK (
                status IN ('running', 'completed', 'failed', 'cancelled')),
            total integer NOT NULL,
            successful integer NOT NULL DEFAULT 0,
            failed integer NOT NULL DEFAULT 0,
            processing_time_ms bigint,
            correlation_id text,
            started_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        );
        CREATE INDEX idx_ticket_generation_jobs_event_id ON ticket_generation_jobs (event_id, started_at DESC);
        CREATE INDEX idx_ticket_generation_jobs_started_at ON ticket_generation_jobs (started_at DESC, id);

        """

    /// `has_number_ids` and `has_number_event_id`: the ids came as JSON numbers, and are written as such again.
    private static let tickets = """
        CREATE TABLE generated_tickets (
            ticket_id text NOT NULL CONSTRAINT pk_generated_tickets PRIMARY KEY,
            event_id text NOT NULL,
            has_number_ids boolean NOT NULL DEFAULT true,
            has_number_event_id boolean NOT NULL DEFAULT true,
            guest_id text,
            job_id text NOT NULL,
            ticket_code text NOT NULL,
            guest_name text,
            guest_email text,
            type text NOT NULL,
            template text NOT NULL,
            event_title text NOT NULL,
            key_id text NOT NULL,
            qr_code_data text NOT NULL,
            content_hash bytea NOT NULL,
            file_path text NOT NULL,
            file_url text NOT NULL,
            file_size bigint NOT NULL,
            file_hash bytea NOT NULL,
            issued_at timestamptz NOT NULL,
            expires_at timestamptz,
            generated_at timestamptz NOT NULL,
            cancelled_at timestamptz,
            CONSTRAINT fk_generated_tickets_job_id FOREIGN KEY (job_id) REFERENCES ticket_generation_jobs (id),
            CONSTRAINT fk_generated_tickets_key_id FOREIGN KEY (key_id) REFERENCES ticket_keys (id)
        );
        CREATE INDEX idx_generated_tickets_job_id ON generated_tickets (job_id);
        CREATE INDEX idx_generated_tickets_event_id ON generated_tickets (event_id, ticket_id);
        CREATE INDEX idx_generated_tickets_ticket_code ON generated_tickets (ticket_code);
        CREATE INDEX idx_generated_tickets_guest_email ON generated_tickets (lower(guest_email))
            WHERE guest_email IS NOT NULL;
        CREATE INDEX idx_generated_tickets_generated_at ON generated_tickets (generated_at DESC, ticket_id);

        """

    /// One row for each ticket of a job, whatever became of it; `position` is its place in the request.
    private static let logs = """
        CREATE TABLE ticket_generation_logs (
            job_id text NOT NULL,
            position integer NOT NULL,
            ticket_id text,
            status text NOT NULL CONSTRAINT ck_ticket_generation_logs_status CHECK (status IN ('successful', 'failed')),
            error_code text,
            error_message text,
            processing_time_ms double precision NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_ticket_generation_logs PRIMARY KEY (job_id, position),
            CONSTRAINT fk_ticket_generation_logs_job_id FOREIGN KEY (job_id)
                REFERENCES ticket_generation_jobs (id) ON DELETE CASCADE
        );
        CREATE INDEX idx_ticket_generation_logs_ticket_id ON ticket_generation_logs (ticket_id)
            WHERE ticket_id IS NOT NULL;
        CREATE INDEX idx_ticket_generation_logs_created_at ON ticket_generation_logs (created_at);
        """
}
