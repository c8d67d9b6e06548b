import Models
package import Storage
import Synchronization

/// The index in Elasticsearch or OpenSearch, an index there for each generation.
///
/// Documents are written before the records commit, while these are locked, with a version that is given to nobody else:
/// so a change that the engine gets late, or again, never replaces a later one. Where the records then fail to commit,
/// the message comes again and writes anew.
package struct ElasticsearchIndexStore: IndexStore {
    package let commitsWithRecords = false
    private let client: ElasticsearchClient
    private let known = KnownIndexes()

    package init(_ client: ElasticsearchClient) { self.client = client }

    package func write(_ changes: [IndexedChange], version: Int64) async throws -> [SQLStatement] {
        for generation in Set(changes.map(\.generation)) where !known.contains(generation) {
            try await open(generation: generation)
        }
        for request in BulkRequest.requests(changes, version: version, index: client.configuration.index) {
            try await send(request)
        }
        return []
    }

    private func send(_ request: BulkRequest) async throws {
        let answer = try await client.send("POST", "/_bulk", request.text, type: BulkRequest.type)
        // Too long for the engine: each half may not be.
        if answer.status == 413, request.changes.count > 1 {
            throw IndexError(code: .unavailable, operation: "_bulk", detail: "the request is too long")
        }
        let outcome = try request.outcome(of: try answer.checked("_bulk"))
        if let first = outcome.refused.first {
            throw RefusedChanges(
                profileIDs: Set(request.changes.map { ExactText($0.profileID) }).count,
                detail: "profile \(first.change.profileID): \(first.reason)"
            )
        }
        if let busy = outcome.busy { throw DependencyOutage(.search, reason: busy) }
    }

    package func open(generation: Int64) async throws {
        let path = "/" + client.configuration.index(generation)
        let answer = try await client.send("PUT", path, ElasticsearchDocument.mapping)
        // It may be there already, made by another process.
        let isThere = answer.json["error"]?["type"]?.text == "resource_already_exists_exception"
        if !isThere { _ = try answer.checked("PUT \(path)") }
        known.add(generation)
    }

    package func settle(generation: Int64) async throws {
        let path = "/\(client.configuration.index(generation))/_refresh"
        _ = try await client.send("GET", path).checked("GET \(path)")
    }

    package func drop(generation: Int64) async throws {
        let path = "/" + client.configuration.index(generation)
        let answer = try await client.send("DELETE", path)
        known.remove(generation)
        if answer.status != 404 { _ = try answer.checked("DELETE \(path)") }
    }

    package func count(generation: Int64, _ pool: PostgresPool) async throws -> Int64 {
        let path = "/\(client.configuration.index(generation))/_count"
        let answer = try await client.send("GET", path)
        if answer.status == 404 { return 0 }
        return try answer.checked("GET \(path)")["count"]?.double.map { Int64($0) } ?? 0
    }
}

/// The engine will never take some of the changes of a batch.
struct RefusedChanges: Error, Sendable, CustomStringConvertible {
    /// Of how many profiles the batch was. A batch of one is to blame itself; of more, each is tried alone.
    let profileIDs: Int
    let detail: String

    var description: String { detail }
}

/// The generations whose indexes this process has made or found.
private final class KnownIndexes: Sendable {
    private let generations = Mutex<Set<Int64>>([])

    func contains(_ generation: Int64) -> Bool { generations.withLock { $0.contains(generation) } }
    func add(_ generation: Int64) { _ = generations.withLock { $0.insert(generation) } }
    func remove(_ generation: Int64) { _ = generations.withLock { $0.remove(generation) } }
}
