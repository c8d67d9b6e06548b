import Models
import Platform
import Storage
import Synchronization

/// The keys of people: made on first sight, kept wrapped in `audit_subjects`, and remembered here for a minute.
///
/// A key that was destroyed meanwhile may be used here until then: what it seals nobody can open any more.
final class SubjectKeys: Sendable {
    private struct Entry {
        let key: SubjectKey
        let validUntil: ContinuousClock.Instant
        /// Digests of what is stored as traces and aliases already.
        var stored: Set<[UInt8]> = []
    }

    private static let memory = Duration.seconds(60)
    /// About 300 bytes each.
    private static let limit = 50_000

    private let pool: PostgresPool
    private let masters: MasterKeyring
    private let entries = Mutex<[String: Entry]>([:])

    init(_ pool: PostgresPool, _ masters: MasterKeyring) {
        self.pool = pool
        self.masters = masters
    }

    /// The keys of all that are named, by name.
    func keys(of names: Set<String>) async throws -> [String: SubjectKey] {
        let now = ContinuousClock.now
        var found: [String: SubjectKey] = [:]
        entries.withLock { entries in
            for name in names {
                if let entry = entries[name], entry.validUntil > now { found[name] = entry.key }
            }
        }
        let missing = names.filter { found[$0] == nil }.sorted()
        guard !missing.isEmpty else { return found }
        let loaded = try await load(missing)
        entries.withLock { entries in
            if entries.count + loaded.count > Self.limit { entries.removeAll() }
            for (name, key) in loaded {
                entries[name] = Entry(
                    key: key,
                    validUntil: now + Self.memory,
                    stored: entries[name]?.stored ?? []
                )
            }
        }
        return found.merging(loaded) { _, new in new }
    }

    private func load(_ names: [String]) async throws -> [String: SubjectKey] {
        let master = masters.current
        let wrapped = names.map { SubjectKey.wrap(RandomBytes.make(AESGCM.keyLength), of: $0, by: master) }
        let results = try await pool.pipeline([
            SubjectStatements.insert(names, master: master.id, wrapped: wrapped), SubjectStatements.find(names),
        ])
        var keys: [String: SubjectKey] = [:]
        for row in results[1] {
            guard let id = row.int(0), let name = row.text(1) else { continue }
            keys[name] = SubjectKey(id: id, cipher: try Self.cipher(row, name, masters))
        }
        return keys
    }

    /// The cipher in a row of id, name, master and wrapped key; `nil` once the person is forgotten.
    static func cipher(_ row: SQLRow, _ name: String, _ masters: MasterKeyring) throws -> AESGCM? {
        guard let master = row.text(2), let wrapped = row.bytes(3) else { return nil }
        return AESGCM(key: try SubjectKey.unwrap(wrapped, of: name, by: try masters.key(master)))
    }

    /// Keeps traces and aliases of people that are not stored yet.
    func store(
        traces: [(name: String, trace: SubjectTrace)],
        aliases: [(alias: String, name: String, subject: Int64)]
    ) async throws {
        func isNew(_ name: String, _ mark: [UInt8]) -> Bool {
            entries.withLock { $0[name]?.stored.contains(mark) != true }
        }
        let newTraces = traces.filter { isNew($0.name, $0.trace.digest) }
        let newAliases = aliases.filter { isNew($0.name, Array($0.alias.utf8)) }
        guard !newTraces.isEmpty || !newAliases.isEmpty else { return }
        var statements: [SQLStatement] = []
        if !newTraces.isEmpty { statements.append(SubjectStatements.insertTraces(newTraces.map(\.trace))) }
        if !newAliases.isEmpty {
            statements.append(SubjectStatements.insertAliases(newAliases.map { ($0.alias, $0.subject) }))
        }
        _ = try await pool.pipeline(statements)
        entries.withLock { entries in
            for (name, trace) in newTraces { entries[name]?.stored.insert(trace.digest) }
            for (alias, name, _) in newAliases { entries[name]?.stored.insert(Array(alias.utf8)) }
        }
    }

    func hasStored(_ name: String, _ digest: [UInt8]) -> Bool {
        entries.withLock { $0[name]?.stored.contains(digest) == true }
    }
}
