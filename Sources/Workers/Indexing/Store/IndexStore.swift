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
