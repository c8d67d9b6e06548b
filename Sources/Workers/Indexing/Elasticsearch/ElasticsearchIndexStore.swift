import FlotillaModels
package import FlotillaStorage
import Workers
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
        for request in BulkRequest.requests(changes, version: version, alias: client.configuration.alias) {
            try await send(request)
        }
        return []
    }

    /// Sends it once more where an index was gone: what was taken before is then a version that is there already.
    private func send(_ request: BulkRequest) async throws {
        for generation in request.onlyRemovedFrom where try await !isThere(generation) {
            try await open(generation: generation)
        }
        var vanished = try await attempt(request)
        guard !vanished.isEmpty else { return }
        for generation in vanished.sorted() { try await open(generation: generation) }
        vanished = try await attempt(request)
        guard vanished.isEmpty else {
            let names = vanished.sorted().map(client.configuration.index).joined(separator: ", ")
            throw DependencyOutage(.search, reason: "the index \(names) is gone again as soon as it is made")
        }
    }

    /// - Returns: the generations whose indexes somebody has deleted.
    private func attempt(_ request: BulkRequest) async throws -> Set<Int64> {
        let answer = try await client.send("POST", "/_bulk", request.text, type: BulkRequest.type)
        // Too long for the engine: each half may not be.
        if answer.status == 413, request.changes.count > 1 {
            throw IndexError(code: .unavailable, operation: "_bulk", detail: "the request is too long")
        }
        let outcome = try request.outcome(of: try answer.checked("_bulk"))
        if let busy = outcome.busy { throw DependencyOutage(.search, reason: busy) }
        guard outcome.vanished.isEmpty else { return outcome.vanished }
        if let first = outcome.refused.first {
            throw RefusedChanges(
                profileIDs: Set(request.changes.map { ExactText($0.profileID) }).count,
                detail: "profile \(first.change.profileID): \(first.reason)"
            )
        }
        return []
    }

    private func isThere(_ generation: Int64) async throws -> Bool {
        let path = "/_alias/" + client.configuration.alias(generation)
        let answer = try await client.send("GET", path)
        if answer.status == 404 { return false }
        _ = try answer.checked("GET \(path)")
        return true
    }

    package func open(generation: Int64) async throws {
        let path = "/" + client.configuration.index(generation)
        let alias = client.configuration.alias(generation)
        let answer = try await client.send("PUT", path, ElasticsearchDocument.index(alias: alias))
        if answer.json["error"]?["type"]?.text == "resource_already_exists_exception" {
            // Made by another process, or by a version of ours that gave it no alias.
            _ = try await client.send("PUT", "\(path)/_alias/\(alias)", "{}").checked("PUT \(path)/_alias")
        } else {
            _ = try answer.checked("PUT \(path)")
        }
        known.add(generation)
    }

    package func refresh(generation: Int64) async throws {
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
        return try answer.checked("GET \(path)")["count"]?.double.flatMap { Int64(exactly: $0) } ?? 0
    }
}

/// The generations whose indexes this process has made or found.
private final class KnownIndexes: Sendable {
    private let generations = Mutex<Set<Int64>>([])

    func contains(_ generation: Int64) -> Bool { generations.withLock { $0.contains(generation) } }
    func add(_ generation: Int64) { _ = generations.withLock { $0.insert(generation) } }
    func remove(_ generation: Int64) { _ = generations.withLock { $0.remove(generation) } }
}
