package import FlotillaModels
import FlotillaStorage
package import Workers

/// Brings the search index to what the events of one kind say of the profiles.
///
/// The last event wins by its time, whatever the order of arrival. A batch takes two round trips: one records the
/// messages as handled and locks the records of its profiles, the other writes records and index and commits.
package struct IndexingWorker<Event: ProfileEvent>: BatchWorker {
    package static var name: String { "indexing" }
    package static var events: [String] { [Event.event] }
    package static var dependencies: Set<Dependency> { [.postgres, .search] }

    private let store: any IndexStore

    package init(_ store: any IndexStore) { self.store = store }

    package func handle(_ items: [BatchItem<Event>], in context: BatchContext) async throws -> [Outcome] {
        let queries = IndexWriter.queries(
            profileIDs: items.map(\.payload.change.profileID),
            userIDs: items.flatMap(\.payload.change.userIDs),
            for: store
        )
        do {
            try await change(items, in: context, queries)
        } catch let error as RefusedChanges where error.profileIDs == 1 {
            throw PermanentError(type: "index_refused", message: "\(error)")
        }
        return Array(repeating: .done, count: items.count)
    }

    private func change(
        _ items: [BatchItem<Event>],
        in context: BatchContext,
        _ queries: [SQLStatement]
    ) async throws {
        try await context.transaction(first: queries) { transaction in
            var writer = try IndexWriter(answers: transaction.firstResults)
            for (item, isFresh) in zip(items, transaction.isFresh) where isFresh {
                let change = item.payload.change
                let version = EventVersion(time: item.time(of: change.occurredAt), messageID: item.messageID)
                writer.batch.apply(change, Event.kind, version)
            }
            transaction.finish(with: try await writer.finish(into: store))
        }
    }
}
