package import FlotillaHTTPRouting
import FlotillaPlatform
import Synchronization

/// Finds out who calls by the API key of the request, or by a token.
///
/// Keys are kept in memory for a few seconds, so that a request does not cost a query; a revoked key is refused
/// everywhere within ``freshness``. While they can't be asked for, what was known of a key is used, up to ``longestTrust``.
package final class Authenticator: Sendable {
    package typealias Lookup = @Sendable (String) async throws -> APIKeyRecord?

    fileprivate struct Entry {
        let record: APIKeyRecord
        let readAt: ContinuousClock.Instant
    }

    fileprivate struct State {
        var known: [String: Entry] = [:]
        /// Ids that no key has, and when that was found out.
        var unknown: [String: ContinuousClock.Instant] = [:]
        var lookups: [String: Task<APIKeyRecord?, any Error>] = [:]
        var isStoreFailing = false
    }

    private enum Source {
        case memory(APIKeyRecord?)
        /// - Parameter stale: what was known before.
        case lookup(Task<APIKeyRecord?, any Error>, stale: APIKeyRecord?)
    }

    /// How long a key is trusted without asking Postgres again.
    package static let freshness = Duration.seconds(4)
    /// How long a key is trusted when Postgres can't be asked.
    package static let longestTrust = Duration.seconds(3_600)
    /// How long an answer is waited for where there is an older one.
    private static let waitLimit = Duration.milliseconds(400)
    /// Made-up keys must not fill the memory.
    fileprivate static let capacity = 10_000

    /// What a request proves itself by.
    private enum Credential {
        case key(APIKey)
        case token(String, any TokenVerifier)
    }

    /// When which key was used.
    package let uses = KeyUses()
    private let lookup: Lookup
    private let tokens: (any TokenVerifier)?
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// - Parameter tokens: finds out who calls by what is no API key; `nil` takes keys alone.
    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        tokens: (any TokenVerifier)? = nil,
        _ lookup: @escaping Lookup
    ) {
        self.now = now
        self.tokens = tokens
        self.lookup = lookup
    }

    package convenience init(_ keys: APIKeys, tokens: (any TokenVerifier)? = nil) {
        self.init(tokens: tokens) { id in try await keys.find(id) }
    }

    /// Takes all keys over, so that those that were never used here, or not lately, are known in an outage.
    ///
    /// What is known of a key from after the beginning of `list` stays. When `list` throws, nothing changes.
    package func learn(_ list: () async throws -> [APIKeyRecord]) async throws {
        let readAt = now()
        let records = try await list()
        state.withLock { state in
            for record in records {
                if let entry = state.known[record.id] {
                    guard entry.readAt < readAt else { continue }
                } else {
                    guard state.known.count < Self.capacity else { continue }
                }
                state.known[record.id] = Entry(record: record, readAt: readAt)
            }
        }
    }

    /// Whether a request has a key or a token that this process has never found genuine: a made-up one, or one that is new.
    func isUnknownCaller(_ request: HTTPRequest) -> Bool {
        guard let text = Self.text(of: request) else { return false }
        if let key = APIKey(text) { return state.withLock { $0.known[key.id] == nil } }
        guard let tokens else { return false }
        return !tokens.isKnown(text)
    }

    /// Whether a stranger's token is genuine as far as that can be found out here, without a question to anybody.
    func isGenuine(_ request: HTTPRequest) -> Bool {
        guard case .token(let token, let tokens)? = try? credential(of: request) else { return false }
        return tokens.isGenuine(token)
    }

    /// The public part of the request's key, if it has one.
    static func keyID(of request: HTTPRequest) -> String? { text(of: request).flatMap { APIKey($0) }?.id }

    /// The caller of a request.
    ///
    /// - Parameter scope: what the route asks for.
    /// - Throws: 401 without a valid key or token, 503 when it can't be looked up and was not known before.
    func authenticate(_ request: HTTPRequest, for scope: Scope = .read) async throws(APIError) -> Principal {
        switch try credential(of: request) {
        case .key(let key): return try principal(key, try await record(of: key.id))
        case .token(let token, let tokens): return try await tokens.principal(of: token, for: scope)
        }
    }

    /// The caller, without a question to anybody; `nil` when there would have to be one.
    ///
    /// - Throws: 401 without a valid key or token.
    func authenticateFromMemory(_ request: HTTPRequest, for scope: Scope = .read) throws(APIError) -> Principal? {
        switch try credential(of: request) {
        case .token(let token, let tokens): return try tokens.remembered(token, for: scope)
        case .key(let key):
            let now = now()
            let entry: APIKeyRecord?? = state.withLock { $0.fresh(key.id, at: now) }
            guard let record = entry else { return nil }
            return try principal(key, record)
        }
    }

    private func credential(of request: HTTPRequest) throws(APIError) -> Credential {
        guard let text = Self.text(of: request) else {
            throw .unauthorized(
                tokens == nil
                    ? "Send an API key: Authorization: Bearer flk_…, or X-API-Key."
                    : "Send an API key or a token: Authorization: Bearer …, or X-API-Key."
            )
        }
        if let key = APIKey(text) { return .key(key) }
        guard let tokens, !text.hasPrefix("flk_"), request.headers["Authorization"] != nil else {
            throw .unauthorized("The API key is not valid.")
        }
        return .token(text, tokens)
    }

    private func principal(_ key: APIKey, _ record: APIKeyRecord?) throws(APIError) -> Principal {
        guard let record, ConstantTime.areEqual(record.secretHash, key.digest),
            record.isValid(at: WallClock.microseconds())
        else { throw .unauthorized("The API key is not valid.") }
        uses.note(key.id)
        return Principal(id: record.id, name: record.name, scopes: record.scopes, grants: record.grants)
    }

    private static func text(of request: HTTPRequest) -> String? {
        if let header = request.headers["Authorization"] {
            let parts = header.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
            return parts[1].filter { $0 != " " }
        }
        return request.headers["X-API-Key"]
    }

    private func record(of id: String) async throws(APIError) -> APIKeyRecord? {
        let now = now()
        let (source, isStoreFailing): (Source, Bool) = state.withLock { state in
            (find(id, &state, now), state.isStoreFailing)
        }
        switch source {
        case .memory(let record): return record
        case .lookup(let task, let stale):
            guard let stale else {
                do { return try await task.value } catch { throw .unavailable("The key store") }
            }
            // The lookup goes on by itself, and says when the store is back.
            if isStoreFailing { return stale }
            guard let result = await task.result(within: Self.waitLimit), case .success(let record) = result else {
                return stale
            }
            return record
        }
    }

    private func find(_ id: String, _ state: inout State, _ now: ContinuousClock.Instant) -> Source {
        if let record = state.fresh(id, at: now) { return .memory(record) }
        let entry = state.known[id]
        let stale = entry.flatMap { now - $0.readAt < Self.longestTrust ? $0.record : nil }
        // Requests that come while a key is being looked up wait for the same answer.
        if let running = state.lookups[id] { return .lookup(running, stale: stale) }
        let task = Task { try await self.read(id) }
        state.lookups[id] = task
        return .lookup(task, stale: stale)
    }

    private func read(_ id: String) async throws -> APIKeyRecord? {
        let readAt = now()
        let result: Result<APIKeyRecord?, any Error>
        do { result = .success(try await lookup(id)) } catch { result = .failure(error) }
        state.withLock { state in
            state.lookups[id] = nil
            guard case .success(let record) = result else {
                state.isStoreFailing = true
                return
            }
            state.isStoreFailing = false
            state.note(record, of: id, readAt: readAt)
        }
        return try result.get()
    }
}

extension Authenticator.State {
    /// What is known and young enough: a record, or that there is none; `nil` when it has to be asked for.
    fileprivate func fresh(_ id: String, at now: ContinuousClock.Instant) -> APIKeyRecord?? {
        if let entry = known[id] { return now - entry.readAt < Authenticator.freshness ? .some(entry.record) : nil }
        guard let readAt = unknown[id], now - readAt < Authenticator.freshness else { return nil }
        return .some(nil)
    }

    fileprivate mutating func note(_ record: APIKeyRecord?, of id: String, readAt: ContinuousClock.Instant) {
        guard let record else {
            known[id] = nil
            if unknown.count >= Authenticator.capacity { unknown.removeAll() }
            unknown[id] = readAt
            return
        }
        unknown[id] = nil
        if known.count >= Authenticator.capacity, known[id] == nil {
            guard let oldest = known.min(by: { $0.value.readAt < $1.value.readAt })?.key else { return }
            known[oldest] = nil
        }
        known[id] = Authenticator.Entry(record: record, readAt: readAt)
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
}
