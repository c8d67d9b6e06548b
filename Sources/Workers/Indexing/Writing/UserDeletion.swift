package import FlotillaStorage

/// Takes everything that the index knows of a person out of it, in a transaction of its own.
package struct UserDeletion: Sendable {
    private let pool: PostgresPool
    private let store: any IndexStore

    package init(_ pool: PostgresPool, _ store: any IndexStore) {
        self.pool = pool
        self.store = store
    }

    /// - Returns: how many profiles it emptied.
    @discardableResult
    package func delete(_ userIDs: [String]) async throws -> Int {
        let ids = Set(userIDs.map(ExactText.init)).sorted().map(\.text)
        let queries = [IndexStatements.lockAlone, IndexStatements.nextVersion] + IndexStatements.delete(users: ids)
        return try await pool.transaction { transaction in
            let answers = try await transaction.pipeline(queries)
            let gone = IndexedChange.gone(answers[3])
            let version = answers[1].first?.int(0) ?? 0
            try await transaction.commit(after: try await store.write(gone, version: version))
            return gone.count
        }
    }
}

extension IndexedChange {
    /// - Parameter result: of the last of ``IndexStatements/delete(users:)``.
    static func gone(_ result: SQLResult) -> [IndexedChange] {
        result.compactMap { row in
            guard let generation = row.int(0), let profileID = row.text(1) else { return nil }
            return IndexedChange(generation: generation, profileID: profileID, document: nil)
        }
    }
}
