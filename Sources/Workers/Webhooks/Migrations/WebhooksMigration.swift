/// Webhook endpoints, the messages for them, and the result of every delivery attempt.
///
/// A message is one event with one body, whoever it goes to; its id is the `webhook-id` of every request. A delivery is
/// one message to one endpoint, and `sending_until` is a lease: until then one process is sending it, and no other does.
/// An endpoint that is `is_configured` comes from the settings, which bring its URL and secrets up to date.
enum WebhooksMigration {
    static let sql = endpoints + messages + attempts

    /// Secrets are sealed with the master key that `master` names.
    private static let endpoints = """
        CREATE TABLE webhook_endpoints (
            id text NOT NULL CONSTRAINT pk_webhook_endpoints PRIMARY KEY,
            name text NOT NULL CONSTRAINT uk_webhook_endpoints_name UNIQUE,
            url text NOT NULL,
            events text[] NOT NULL,
            is_configured boolean NOT NULL DEFAULT false,
            is_enabled boolean NOT NULL DEFAULT true,
            disabled_reason text,
            disabled_at timestamptz,
            master text NOT NULL,
            sealed_secret bytea NOT NULL,
            sealed_old_secret bytea,
            old_secret_until timestamptz,
            failing_since timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );

        """

    private static let messages = """
        CREATE TABLE webhook_messages (
            id text NOT NULL CONSTRAINT pk_webhook_messages PRIMARY KEY,
            event text NOT NULL,
            body bytea NOT NULL,
            correlation_id text,
            trace_parent text,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX idx_webhook_messages_created_at ON webhook_messages (created_at);

        CREATE TABLE webhook_deliveries (
            id text NOT NULL CONSTRAINT pk_webhook_deliveries PRIMARY KEY,
            message_id text NOT NULL,
            endpoint_id text NOT NULL,
            status text NOT NULL DEFAULT 'queued' CONSTRAINT ck_webhook_deliveries_status CHECK (
                status IN ('queued', 'delivered', 'failed')),
            attempts integer NOT NULL DEFAULT 0,
            reason text,
            sending_until timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz,
            CONSTRAINT fk_webhook_deliveries_message_id
                FOREIGN KEY (message_id) REFERENCES webhook_messages (id) ON DELETE CASCADE,
            CONSTRAINT fk_webhook_deliveries_endpoint_id
                FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints (id) ON DELETE CASCADE
        );
        CREATE INDEX idx_webhook_deliveries_message_id ON webhook_deliveries (message_id);
        CREATE INDEX idx_webhook_deliveries_endpoint_id ON webhook_deliveries (endpoint_id, id DESC);
        CREATE INDEX idx_webhook_deliveries_status ON webhook_deliveries (endpoint_id, status)
            WHERE status <> 'delivered';

        """

    private static let attempts = """
        CREATE TABLE webhook_attempts (
            delivery_id text NOT NULL,
            number integer NOT NULL,
            started_at timestamptz NOT NULL,
            duration_ms integer NOT NULL,
            status integer,
            error text,
            answer bytea,
            CONSTRAINT pk_webhook_attempts PRIMARY KEY (delivery_id, number),
            CONSTRAINT fk_webhook_attempts_delivery_id
                FOREIGN KEY (delivery_id) REFERENCES webhook_deliveries (id) ON DELETE CASCADE
        );
        CREATE INDEX idx_webhook_attempts_started_at ON webhook_attempts (started_at);
        """
}
