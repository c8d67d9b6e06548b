package import FlotillaStorage

/// How many notifications there are, by every property that is counted.
package struct NotificationStatistics: Sendable {
    /// One group: the value that its members share, and how many of them have each status.
    package struct Group: Sendable {
        package let value: String
        package let counts: [NotificationStatus: Int]
        package var total: Int { counts.values.reduce(0, +) }
    }

    package enum Dimension: String, Sendable, CaseIterable {
        case template, channel, provider
        /// In UTC: `2026-01-30`.
        case day
    }

    package let byStatus: [NotificationStatus: Int]
    package let groups: [Dimension: [Group]]

    package static func of(
        _ filter: NotificationFilter,
        in pool: PostgresPool
    ) async throws(PostgresError) -> NotificationStatistics {
        let (conditions, values) = filter.conditions
        let whereClause = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        let rows = try await pool.query(
            SQLStatement(
                """
                SELECT CASE WHEN grouping(template) = 0 THEN 'template' WHEN grouping(channel) = 0 THEN 'channel'
                        WHEN grouping(provider) = 0 THEN 'provider' WHEN grouping(day) = 0 THEN 'day' END,
                    coalesce(template, channel, provider, day), status, count(*)
                FROM (
                    SELECT template, channel, provider, status,
                        to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day
                    FROM notifications \(whereClause)
                ) AS chosen
                GROUP BY GROUPING SETS ((status), (status, template), (status, channel), (status, provider),
                    (status, day))
                ORDER BY 1, 2
                """,
                values
            )
        )
        var byStatus: [NotificationStatus: Int] = [:]
        var order: [Dimension: [String]] = [:]
        var counts: [Dimension: [String: [NotificationStatus: Int]]] = [:]
        for row in rows {
            guard let status = row.text(2).flatMap(NotificationStatus.init) else { continue }
            let count = Int(row.int(3) ?? 0)
            guard let dimension = row.text(0).flatMap(Dimension.init) else {
                byStatus[status] = count
                continue
            }
            // What no provider has taken yet is in no group of providers.
            guard let value = row.text(1) else { continue }
            if counts[dimension]?[value] == nil { order[dimension, default: []].append(value) }
            counts[dimension, default: [:]][value, default: [:]][status] = count
        }
        var groups: [Dimension: [Group]] = [:]
        for (dimension, values) in order {
            groups[dimension] = values.map { Group(value: $0, counts: counts[dimension]?[$0] ?? [:]) }
        }
        return NotificationStatistics(byStatus: byStatus, groups: groups)
    }
}
