import FlotillaHTTPRouting
import FlotillaPlatform
import Synchronization

/// Finds out who calls by the API key of the request.
///
/// Keys are kept in memory for a few seconds, so that a request does not cost a query; a revoked key is refused
/// everywhere within ``Authenticator/freshness``.
package final class Authenticator: Sendable {
    package typealias Lookup = @Sendable (String) async throws -> APIKeyRecord?

    private struct Entry {
        let record: APIKeyRecord?
        let readAt: ContinuousClock.Instant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var lookups: [String: Task<APIKeyRecord?, any Error>] = [:]
    }

    /// How long a key is trusted without asking Postgres again.
    package static let freshness = Duration.seconds(4)
    /// Made-up keys must not fill the memory.
    private static let capacity = 10_000

    private let lookup: Lookup
    private let state = Mutex(State())

    package init(_ lookup: @escaping Lookup) { self.lookup = lookup }

    package convenience init(_ keys: APIKeys) {
        self.init { id in try await keys.find(id) }
    }

    /// The caller of a request.
    ///
    /// - Throws: 401 without a valid key, 503 when it can't be looked up.
    func authenticate(_ request: HTTPRequest) async throws(APIError) -> Principal {
        guard let text = Self.credential(of: request) else {
            throw .unauthorized("Send an API key: Authorization: Bearer flk_…, or X-API-Key.")
        }
        guard let key = APIKey(text), let record = try await record(of: key.id),
            ConstantTime.areEqual(record.secretHash, key.digest), record.isValid(at: WallClock.microseconds())
        else { throw .unauthorized("The API key is not valid.") }
        return Principal(id: record.id, name: record.name, scopes: record.scopes)
    }

    private static func credential(of request: HTTPRequest) -> String? {
        if let header = request.headers["Authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return parts[1].filter { $0 != " " }
        }
        return request.headers["X-API-Key"]
    }

    private func record(of id: String) async throws(APIError) -> APIKeyRecord? {
        enum Source {
            case memory(APIKeyRecord?)
            case lookup(Task<APIKeyRecord?, any Error>)
        }
        let source: Source = state.withLock { state in
            if let entry = state.entries[id], .now - entry.readAt < Self.freshness { return .memory(entry.record) }
            // Requests that come while a key is being looked up wait for the same answer.
            if let running = state.lookups[id] { return .lookup(running) }
            let task = Task { try await self.read(id) }
            state.lookups[id] = task
            return .lookup(task)
        }
        switch source {
        case .memory(let record): return record
        case .lookup(let task):
            do {
                return try await task.value
            } catch {
                throw .unavailable("The key store")
            }
        }
    }

    private func read(_ id: String) async throws -> APIKeyRecord? {
        defer { state.withLock { $0.lookups[id] = nil } }
        let readAt = ContinuousClock.now
        let record = try await lookup(id)
        state.withLock { state in
            if state.entries.count >= Self.capacity { state.entries.removeAll() }
            state.entries[id] = Entry(record: record, readAt: readAt)
        }
        return record
    }
}

extension APIError {
    static func unauthorized(_ message: String) -> Self {
        Self(
            status: 401,
            code: "unauthorized",
            message: message,
            headers: ["WWW-Authenticate": "Bearer realm=\"flotilla\""]
        )
    }

    static func forbidden(_ scope: Scope) -> Self {
        Self(status: 403, code: "forbidden", message: "This needs a key with the scope \(scope.rawValue).")
    }
}
