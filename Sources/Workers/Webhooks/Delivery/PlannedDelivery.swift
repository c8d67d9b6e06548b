import FlotillaStorage

/// A delivery as it is before anybody tries: where it goes, and whether it still has to.
struct PlannedDelivery: Sendable {
    let id: String
    /// `queued`, `delivered` or `failed`.
    let status: String
    let endpoint: String
    let name: String
    let url: String
    let isEnabled: Bool
    let disabledReason: String?
    let age: Duration
    /// Why it failed, or did not go out yet.
    let reason: String?

    static func select(_ id: String) -> SQLStatement {
        SQLStatement(
            """
            SELECT delivery.id, delivery.status, endpoint.id, endpoint.name, endpoint.url, endpoint.is_enabled,
                endpoint.disabled_reason, extract(epoch FROM now() - delivery.created_at)::float8,
                delivery.reason
            FROM webhook_deliveries AS delivery
            JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id
            WHERE delivery.id = $1
            """,
            [.text(id)]
        )
    }

    init(_ row: SQLRow) {
        id = row.text(0) ?? ""
        status = row.text(1) ?? ""
        endpoint = row.text(2) ?? ""
        name = row.text(3) ?? ""
        url = row.text(4) ?? ""
        isEnabled = row.bool(5) ?? false
        disabledReason = row.text(6)
        age = .seconds(row.double(7) ?? 0)
        reason = row.text(8)
    }
}
