/// Endpoints that answer 410, and what endpoints miss while they are disabled.
///
/// A delivery that was `missed` has no message yet; it gets one when the endpoint is enabled and takes up what it missed.
enum WebhooksGoneMigration {
    static let sql = """
        ALTER TABLE webhook_endpoints ADD COLUMN gone_since timestamptz,
            ADD COLUMN gone_answers integer NOT NULL DEFAULT 0;
        ALTER TABLE webhook_deliveries DROP CONSTRAINT ck_webhook_deliveries_status,
            ADD CONSTRAINT ck_webhook_deliveries_status CHECK (
                status IN ('queued', 'delivered', 'failed', 'missed')) NOT VALID;
        """

    /// Reads all of the deliveries, and keeps nobody waiting: a step of its own.
    static let validation = """
        ALTER TABLE webhook_deliveries VALIDATE CONSTRAINT ck_webhook_deliveries_status;
        """
}
