/// Whom notifications reach, what they decline, what was asked for, and what became of each.
///
/// A recipient's key is `user:<id>` or `customer:<id>`; preferences and notifications also know `address:<address>`,
/// for people who are no recipients. A request keeps once what its notifications have in common.
enum NotificationsMigration {
    static let sql = recipients + requests + notifications

    /// `times` holds for each column that an event has set the event's time, in microseconds since 1970: the newest wins.
    private static let recipients = """
        CREATE TABLE recipients (
            key text NOT NULL CONSTRAINT pk_recipients PRIMARY KEY,
            name text,
            email text,
            phone text,
            language text,
            time_zone text,
            company_id text,
            roles text[],
            times jsonb NOT NULL,
            is_deleted boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE INDEX idx_recipients_email ON recipients (lower(email)) WHERE email IS NOT NULL;
        CREATE INDEX idx_recipients_company_id ON recipients (company_id) WHERE company_id IS NOT NULL;
        CREATE INDEX idx_recipients_roles ON recipients USING gin (roles);

        CREATE TABLE notification_preferences (
            recipient text NOT NULL,
            channel text NOT NULL CONSTRAINT ck_notification_preferences_channel CHECK (
                channel IN ('email', 'sms', 'in-app')),
            template text NOT NULL,
            is_allowed boolean NOT NULL,
            changed_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_notification_preferences PRIMARY KEY (recipient, channel, template)
        );

        """

    private static let requests = """
        CREATE TABLE notification_requests (
            id text NOT NULL CONSTRAINT pk_notification_requests PRIMARY KEY,
            idempotency_key text CONSTRAINT uk_notification_requests_idempotency_key UNIQUE,
            request_hash bytea,
            template text NOT NULL,
            data text NOT NULL,
            cause text,
            correlation_id text,
            created_by text,
            created_at timestamptz NOT NULL DEFAULT now()
        );

        CREATE TABLE notification_attachments (
            request_id text NOT NULL,
            position integer NOT NULL,
            file_name text NOT NULL,
            content_type text NOT NULL,
            content bytea NOT NULL,
            CONSTRAINT pk_notification_attachments PRIMARY KEY (request_id, position),
            CONSTRAINT fk_notification_attachments_request_id FOREIGN KEY (request_id)
                REFERENCES notification_requests (id) ON DELETE CASCADE
        );

        """

    /// `sending_until` is a lease: until then one process is sending it, and no other does.
    private static let notifications = """
        CREATE TABLE notifications (
            id text NOT NULL CONSTRAINT pk_notifications PRIMARY KEY,
            request_id text NOT NULL,
            channel text NOT NULL CONSTRAINT ck_notifications_channel CHECK (channel IN ('email', 'sms', 'in-app')),
            template text NOT NULL,
            category text NOT NULL,
            recipient text NOT NULL,
            recipient_name text,
            address text,
            language text NOT NULL,
            time_zone text,
            subject text NOT NULL,
            body text,
            status text NOT NULL DEFAULT 'queued' CONSTRAINT ck_notifications_status CHECK (
                status IN ('queued', 'sent', 'failed', 'suppressed')),
            reason text,
            priority text NOT NULL DEFAULT 'normal',
            event_id text,
            provider text,
            provider_message_id text,
            attempts integer NOT NULL DEFAULT 0,
            unsubscribe_token text,
            scheduled_at timestamptz,
            sending_until timestamptz,
            created_at timestamptz NOT NULL DEFAULT now(),
            sent_at timestamptz,
            failed_at timestamptz,
            read_at timestamptz,
            CONSTRAINT fk_notifications_request_id FOREIGN KEY (request_id) REFERENCES notification_requests (id)
        );
        CREATE INDEX idx_notifications_request_id ON notifications (request_id);
        CREATE INDEX idx_notifications_created_at ON notifications (created_at);
        CREATE INDEX idx_notifications_status ON notifications (status, id DESC) WHERE status <> 'sent';
        CREATE INDEX idx_notifications_template ON notifications (template, id DESC);
        CREATE INDEX idx_notifications_recipient ON notifications (recipient, id DESC);
        CREATE INDEX idx_notifications_address ON notifications (lower(address), id DESC) WHERE address IS NOT NULL;
        CREATE INDEX idx_notifications_event_id ON notifications (event_id, id DESC) WHERE event_id IS NOT NULL;
        CREATE INDEX idx_notifications_unsubscribe_token ON notifications (unsubscribe_token)
            WHERE unsubscribe_token IS NOT NULL;
        """
}
