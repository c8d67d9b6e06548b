import FlotillaStorage

/// One transaction's work on the index, between the answers to its questions and its last statements.
struct IndexWriter {
    var batch: IndexBatch
    private let version: Int64

    /// What a transaction has to ask first, in one round trip.
    static func queries(profileIDs: [String], userIDs: [String], for store: any IndexStore) -> [SQLStatement] {
        let profileIDs = Set(profileIDs.map(ExactText.init)).sorted().map(\.text)
        return [
            IndexStatements.lockShared, IndexStatements.generations, IndexStatements.deletedUsers(among: userIDs),
            store.commitsWithRecords ? IndexStatements.nothing : IndexStatements.lock(profileIDs),
            IndexStatements.records(of: profileIDs), IndexStatements.nextVersion,
        ]
    }

    /// - Parameters:
    ///   - answers: to ``queries(profileIDs:userIDs:for:)``.
    ///   - generation: the one to write, if it is still there; `nil` writes all there are.
    init(answers: [SQLResult], only generation: Int64? = nil) throws {
        batch = try IndexBatch(
            generations: answers[1].compactMap { $0.int(0) }.filter { generation == nil || $0 == generation },
            records: answers[4],
            deletedUsers: answers[2].compactMap { $0.text(0) }
        )
        version = answers[5].first?.int(0) ?? 0
    }

    /// What is to be run last; nothing when the batch changes nothing.
    func finish(into store: any IndexStore) async throws -> [SQLStatement] {
        let changes = batch.changes(tellsAll: !store.commitsWithRecords)
        guard !changes.records.isEmpty else { return [] }
        return [IndexStatements.save(changes.records)] + (try await store.write(changes.index, version: version))
    }
}
