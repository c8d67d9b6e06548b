/// What stands between the fleet and Postgres, and so what a connection may keep on the server.
public enum PostgresPooler: String, Sendable, Hashable, CaseIterable {
    /// A session belongs to its connection: Postgres itself, or a pooler that lends out whole sessions.
    case none
    /// A pooler that gives a connection a session for one transaction at a time, such as PgBouncer with
    /// `pool_mode = transaction`. Nothing is prepared, and settings hold for their transaction.
    case transaction
}
