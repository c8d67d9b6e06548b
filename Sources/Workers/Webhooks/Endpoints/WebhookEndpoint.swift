import FlotillaStorage

/// A receiver of events over HTTP.
package struct WebhookEndpoint: Sendable, Hashable {
    package let id: String
    package let name: String
    package let url: String
    /// Names of events, `entity.*` for all of an entity, or `*`.
    package let events: [String]
    /// Whether the settings say what it is.
    package let isConfigured: Bool
    package let isEnabled: Bool
    package let disabledReason: String?
    /// Microseconds since 1970, as are all times here; since when no delivery has succeeded.
    package let failingSince: Int64?
    /// Until when the secret before the last rotation signs too.
    package let oldSecretUntil: Int64?
    package let createdAt: Int64
    /// Deliveries that are still to come.
    package let queued: Int
    /// Deliveries that were given up.
    package let failed: Int
    package let lastDeliveredAt: Int64?

    /// All endpoints, by name.
    static let list = SQLStatement(
        """
        SELECT id, name, url, events, is_configured, is_enabled, disabled_reason, failing_since,
            CASE WHEN old_secret_until > now() AND old_secret_until < 'infinity' THEN old_secret_until END, created_at,
            (SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = endpoint.id AND status = 'queued'),
            (SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = endpoint.id AND status = 'failed'),
            (SELECT max(finished_at) FROM webhook_deliveries WHERE endpoint_id = endpoint.id AND status = 'delivered')
        FROM webhook_endpoints AS endpoint ORDER BY name
        """
    )

    init(_ row: SQLRow) {
        id = row.text(0) ?? ""
        name = row.text(1) ?? ""
        url = row.text(2) ?? ""
        events = row.texts(3) ?? []
        isConfigured = row.bool(4) ?? false
        isEnabled = row.bool(5) ?? false
        disabledReason = row.text(6)
        failingSince = row.timestamp(7)
        oldSecretUntil = row.timestamp(8)
        createdAt = row.timestamp(9) ?? 0
        queued = Int(row.int(10) ?? 0)
        failed = Int(row.int(11) ?? 0)
        lastDeliveredAt = row.timestamp(12)
    }
}
