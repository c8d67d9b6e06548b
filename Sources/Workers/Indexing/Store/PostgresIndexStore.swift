package import FlotillaStorage

/// The index in Postgres: its rows are written with the records, so that the two are never apart.
package struct PostgresIndexStore: IndexStore {
    package let commitsWithRecords = true

    package init() {}

    package func write(_ changes: [IndexedChange], version: Int64) -> [SQLStatement] {
        let documents = changes.compactMap { change in change.document.map { (change.generation, $0) } }
        let gone = changes.filter { $0.document == nil }.map { ($0.generation, $0.profileID) }
        var statements: [SQLStatement] = []
        if !documents.isEmpty { statements.append(IndexStatements.index(documents)) }
        if !gone.isEmpty { statements.append(IndexStatements.withdraw(gone)) }
        return statements
    }

    package func open(generation: Int64) {}
    package func refresh(generation: Int64) {}
    package func drop(generation: Int64) {}

    package func count(generation: Int64, _ pool: PostgresPool) async throws -> Int64 {
        let statement = SQLStatement("SELECT count(*) FROM search_profiles WHERE generation = $1", [.int(generation)])
        return try await pool.query(statement).first?.int(0) ?? 0
    }
}
