import FlotillaModels
package import FlotillaStorage

/// The cron entries of a database.
package struct CronStore: Sendable {
    /// What bringing in a file has changed.
    package struct Changes: Sendable, Hashable {
        package var written: [String] = []
        package var removed: [String] = []
        /// Entries of the file whose names the API has taken: they are not there.
        package var refused: [String] = []

        package var isEmpty: Bool { written.isEmpty && removed.isEmpty && refused.isEmpty }
    }

    let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// All of them, by name.
    package func list() async throws(PostgresError) -> [CronRecord] {
        try await pool.query(CronStatements.list).map(CronRecord.init)
    }

    package func get(_ name: String) async throws(PostgresError) -> CronRecord? {
        try await pool.query(CronStatements.get(name)).first.map(CronRecord.init)
    }

    /// Makes the entries of the file these, and leaves those of the API alone. What is paused stays so, and a next run stays
    /// unless its schedule or its zone has changed.
    package func keepOfFile(_ entries: [CronEntry], at now: Int64) async throws -> Changes {
        let sorted = entries.sorted { $0.name < $1.name }
        let names = sorted.map(\.name)
        return try await pool.transaction { transaction in
            let statements = sorted.map { entry in
                CronStatements.put(entry, source: .file, next: entry.schedule.next(after: now, in: entry.zone), at: now)
            }
            let results = try await transaction.commit(
                after: [CronStatements.keepOfFile(names), CronStatements.ofAPI(names)] + statements
            )
            return Changes(
                written: results.dropFirst(2).flatMap { $0.compactMap { $0.text(0) } },
                removed: results[0].compactMap { $0.text(0) }.sorted(),
                refused: results[1].compactMap { $0.text(0) }
            )
        }
    }

    /// Writes an entry of the API.
    ///
    /// - Parameter record: executed in the same transaction.
    /// - Throws: ``CronError`` when an entry of the file has its name.
    package func put(_ entry: CronEntry, at now: Int64, record: [SQLStatement] = []) async throws {
        try await pool.transaction { transaction in
            let found = try await transaction.query(CronStatements.lock(entry.name)).first.map(CronRecord.init)
            if let found { try Self.requireOfAPI(found) }
            let next = entry.schedule.next(after: now, in: entry.zone)
            try await transaction.commit(
                after: [CronStatements.put(entry, source: .api, next: next, at: now)] + record
            )
        }
    }

    /// Removes an entry of the API. Its jobs stay.
    package func delete(_ name: String, record: [SQLStatement] = []) async throws {
        try await pool.transaction { transaction in
            let found = try await transaction.query(CronStatements.lock(name)).first.map(CronRecord.init)
            guard let found else { throw CronError.unknown(name) }
            try Self.requireOfAPI(found)
            try await transaction.commit(after: [CronStatements.delete(name)] + record)
        }
    }

    /// Has an entry run no more until it is resumed. One that is paused stays as it is.
    ///
    /// - Returns: whether it was not paused.
    package func pause(
        _ name: String,
        by actor: String,
        note: String?,
        at now: Int64,
        record: [SQLStatement] = []
    ) async throws -> Bool {
        try await pool.transaction { transaction in
            let found = try await transaction.query(CronStatements.lock(name)).first.map(CronRecord.init)
            guard let found else { throw CronError.unknown(name) }
            guard found.pause == nil else { return false }
            try await transaction.commit(
                after: [CronStatements.pause(name, by: actor, note: note, at: now)] + record
            )
            return true
        }
    }

    /// Has an entry run again, from now on: the times that passed meanwhile are neither run nor missed.
    ///
    /// - Returns: whether it was paused.
    package func resume(_ name: String, at now: Int64, record: [SQLStatement] = []) async throws -> Bool {
        try await pool.transaction { transaction in
            let found = try await transaction.query(CronStatements.lock(name)).first.map(CronRecord.init)
            guard let found else { throw CronError.unknown(name) }
            guard found.pause != nil else { return false }
            let entry = try found.entry()
            let next = entry.schedule.next(after: now, in: entry.zone)
            try await transaction.commit(after: [CronStatements.resume(name, next: next)] + record)
            return true
        }
    }

    private static func requireOfAPI(_ record: CronRecord) throws(CronError) {
        guard record.source == .api else {
            throw CronError(.fromFile, "the entry \(record.name) is one of queues.yaml: change it there")
        }
    }
}
