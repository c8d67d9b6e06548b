package import FlotillaModels
import FlotillaStorage
package import Workers

/// Takes the profiles of people who have left out of the index, for good.
package struct UserDeletionWorker: BatchWorker {
    package static let name = "indexing"
    package static let events = [UserDeleted.event]
    package static var dependencies: Set<Dependency> { [.postgres, .search] }

    private let store: any IndexStore

    package init(_ store: any IndexStore) { self.store = store }

    package func handle(_ items: [BatchItem<UserDeleted>], in context: BatchContext) async throws -> [Outcome] {
        try await context.transaction(first: [IndexStatements.lockAlone, IndexStatements.nextVersion]) { transaction in
            let ids = zip(items, transaction.isFresh).filter(\.1).map { ExactText($0.0.payload.userID) }
            guard !ids.isEmpty else { return }
            let statements = IndexStatements.delete(users: Set(ids).sorted().map(\.text))
            let gone = IndexedChange.gone(try await transaction.execute(statements)[1])
            let version = transaction.firstResults[1].first?.int(0) ?? 0
            if !gone.isEmpty { transaction.finish(with: try await store.write(gone, version: version)) }
        }
        return Array(repeating: .done, count: items.count)
    }
}
