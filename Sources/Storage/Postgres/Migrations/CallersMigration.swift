/// Idempotency keys that belong to their caller, for everything that is asked for over HTTP.
///
/// Keys of the last seven days are taken over: those of events, and those of jobs whose `created_by` is the name of a key.
/// They have no fingerprint, and a repeat is answered with what they belong to, whatever its body. The old column and the old
/// table stay for programs of the version before, which go on writing them.
enum CallersMigration {
    static let sql = """
        ALTER TABLE jobs ADD COLUMN created_by_ref text;

        CREATE TABLE idempotency_keys (
            caller text NOT NULL,
            idempotency_key text NOT NULL,
            fingerprint bytea,
            resource text NOT NULL,
            answer text,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_idempotency_keys PRIMARY KEY (caller, idempotency_key)
        );
        CREATE INDEX idx_idempotency_keys_created_at ON idempotency_keys (created_at);

        INSERT INTO idempotency_keys (caller, idempotency_key, resource, created_at)
        SELECT 'key:' || api_keys.id, jobs.idempotency_key, jobs.id, jobs.enqueued_at
        FROM jobs JOIN api_keys ON api_keys.name = jobs.created_by
        WHERE jobs.idempotency_key IS NOT NULL AND jobs.enqueued_at > now() - interval '7 days'
        ON CONFLICT DO NOTHING;

        INSERT INTO idempotency_keys (caller, idempotency_key, resource, answer, created_at)
        SELECT 'key:' || caller, idempotency_key, event_id,
            json_build_object('id', event_id, 'correlationId', correlation_id)::text, created_at
        FROM event_requests WHERE created_at > now() - interval '7 days'
        ON CONFLICT DO NOTHING;
        """
}
