package import FlotillaStorage

/// The fleet's own tables, and Redis, as places of personal data.
package enum FleetTables {
    package static func stores(_ pool: PostgresPool, _ redis: RedisClient?) -> [any PersonalDataStore] {
        let tables: [any PersonalDataStore] = [JobData.store(pool), OutboxData.store(pool), InboxData(pool)]
        return tables + (redis.map { [RedisData($0)] } ?? [])
    }

    /// Tables that hold nothing about people but ids and names of operators.
    package static let impersonal: Set<String> = ["schema_migrations", "api_keys"]
}
