/// Which event each idempotency key of `POST /events` has made, for a repeat of the request.
///
/// A key belongs to its caller, the id of an API key. Beside ids there is nothing of the event but a hash.
enum EventRequestsMigration {
    static let sql = """
        CREATE TABLE event_requests (
            caller text NOT NULL,
            idempotency_key text NOT NULL,
            request_hash bytea NOT NULL,
            event_id text NOT NULL,
            correlation_id text NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_event_requests PRIMARY KEY (caller, idempotency_key)
        );
        CREATE INDEX idx_event_requests_created_at ON event_requests (created_at);
        """
}
