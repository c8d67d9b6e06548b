package import FlotillaStorage

/// Where documents are searched: in the tables of Postgres, or in a search engine beside it.
///
/// Records stay in Postgres whichever it is: they say what a document has to be.
package protocol IndexStore: Sendable {
    /// Whether the index changes with the commit of the records or not at all.
    ///
    /// One that does not may have been left with a document whose record failed to commit. So it gets every
    /// profile that must not be found, whether or not it was before, and the profiles of a batch are locked, new ones
    /// included, so that no two batches write about one profile at a time.
    var commitsWithRecords: Bool { get }

    /// Brings the index to what the changes say, before or with the commit of their records.
    ///
    /// - Parameter version: greater than that of every earlier change of the same profiles.
    /// - Returns: statements to run in the transaction of the records.
    func write(_ changes: [IndexedChange], version: Int64) async throws -> [SQLStatement]

    /// Makes room for a generation whose tables have just been made.
    func open(generation: Int64) async throws
    /// Makes everything written to a generation visible to searches.
    func refresh(generation: Int64) async throws
    func drop(generation: Int64) async throws
    /// How many profiles can be found in a generation.
    func count(generation: Int64, _ pool: PostgresPool) async throws -> Int64
}

/// One profile of one generation, with its document; `nil` takes it out.
package struct IndexedChange: Sendable {
    package let generation: Int64
    package let profileID: String
    package let document: SearchDocument?
}

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
