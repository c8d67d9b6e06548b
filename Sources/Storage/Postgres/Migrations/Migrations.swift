/// The schema's steps and what a database has of them.
package enum Migrations {
    /// Every step, in order.
    package static let all: [Migration] = []

    /// Applies what is missing, each step in a transaction, one process at a time; returns what it applied.
    ///
    /// - Throws: when an applied step differs from ours by its checksum, with its name.
    package static func apply(
        to pool: PostgresPool,
        _ migrations: [Migration] = all,
        progress: (Migration) -> Void = { _ in }
    ) async throws -> [Migration] { [] }

    /// What the database lacks, in order; the same checks as ``apply(to:_:progress:)``, and no change.
    package static func pending(in pool: PostgresPool, _ migrations: [Migration] = all) async throws -> [Migration] {
        []
    }
}
