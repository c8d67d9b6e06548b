package import FlotillaStorage

/// What the stores of personal data work with.
package struct PersonalDataContext: Sendable {
    package let postgres: PostgresPool
    /// `nil` without Redis.
    package let redis: RedisClient?

    package init(postgres: PostgresPool, redis: RedisClient?) {
        self.postgres = postgres
        self.redis = redis
    }
}
