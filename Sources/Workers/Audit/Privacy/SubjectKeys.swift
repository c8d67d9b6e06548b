import FlotillaPersonalData
package import FlotillaPlatform
package import FlotillaStorage
import Synchronization

/// The keys of people: made on first sight, kept wrapped in `audit_subjects`, and remembered here for a minute.
///
/// A key that was destroyed meanwhile may be used here until then: what it seals nobody can open any more.
package final class SubjectKeys: Sendable {
    private struct Entry {
        let key: SubjectKey
        let validUntil: ContinuousClock.Instant
        /// Which traces and aliases are stored already, by hashes with this process's own seed.
        var stored: Set<Int> = []
    }

    private static let memory = Duration.seconds(60)
    /// About 300 bytes each.
    private static let limit = 50_000

    private let pool: PostgresPool
    private let masters: MasterKeyring
    private let entries = Mutex<[DataSubject: Entry]>([:])

    init(_ pool: PostgresPool, _ masters: MasterKeyring) {
        self.pool = pool
        self.masters = masters
    }

    /// The keys of all of the people.
    func keys(of people: Set<DataSubject>) async throws -> [DataSubject: SubjectKey] {
        let now = ContinuousClock.now
        var found: [DataSubject: SubjectKey] = [:]
        entries.withLock { entries in
            for person in people {
                if let entry = entries[person], entry.validUntil > now { found[person] = entry.key }
            }
        }
        guard found.count < people.count else { return found }
        let loaded = try await load(people.filter { found[$0] == nil })
        entries.withLock { entries in
            if entries.count + loaded.count > Self.limit { entries.removeAll() }
            for (person, key) in loaded {
                entries[person] = Entry(
                    key: key,
                    validUntil: now + Self.memory,
                    stored: entries[person]?.stored ?? []
                )
            }
        }
        return found.merging(loaded) { _, new in new }
    }

    private func load(_ people: Set<DataSubject>) async throws -> [DataSubject: SubjectKey] {
        let master = masters.current
        let named = Dictionary(people.map { ($0.description, $0) }) { first, _ in first }
        let names = named.keys.sorted()
        let wrapped = names.map { SubjectKey.wrap(RandomBytes.make(AESGCM.keyLength), of: $0, by: master) }
        let results = try await pool.pipeline([
            SubjectStatements.insert(names, master: master.id, wrapped: wrapped), SubjectStatements.find(names),
        ])
        var keys: [DataSubject: SubjectKey] = [:]
        for row in results[1] {
            guard let id = row.int(0), let name = row.text(1), let person = named[name] else { continue }
            keys[person] = SubjectKey(id: id, cipher: try Self.cipher(row, name, masters))
        }
        return keys
    }

    /// The cipher in a row of id, name, master and wrapped key; `nil` once the person is forgotten.
    package static func cipher(_ row: SQLRow, _ name: String, _ masters: MasterKeyring) throws -> AESGCM? {
        guard let master = row.text(2), let wrapped = row.bytes(3) else { return nil }
        return AESGCM(key: try SubjectKey.unwrap(wrapped, of: name, by: try masters.key(master)))
    }

    /// Keeps traces and aliases of people that are not stored yet.
    ///
    /// - Parameter seal: makes a trace of a text; asked for those alone that are new.
    func store(
        traces: [(person: DataSubject, category: PersonalFields.Category, text: String)],
        aliases: [(person: DataSubject, other: DataSubject)],
        _ keys: [DataSubject: SubjectKey],
        seal: (SubjectKey, AESGCM, PersonalFields.Category, String) -> SubjectTrace
    ) async throws {
        var marks = Set<Mark>()
        func isNew(_ mark: Mark) -> Bool {
            entries.withLock { $0[mark.person]?.stored.contains(mark.hash) != true } && marks.insert(mark).inserted
        }
        var newTraces: [SubjectTrace] = []
        for (person, category, text) in traces where isNew(Mark(person, category, text)) {
            guard let key = keys[person], let cipher = key.cipher else { continue }
            newTraces.append(seal(key, cipher, category, text))
        }
        var newAliases: [(alias: String, subject: Int64)] = []
        for (person, other) in aliases where isNew(Mark(person, other)) {
            if let key = keys[person] { newAliases.append((other.description, key.id)) }
        }
        guard !marks.isEmpty else { return }
        var statements: [SQLStatement] = []
        if !newTraces.isEmpty { statements.append(SubjectStatements.insertTraces(newTraces)) }
        if !newAliases.isEmpty { statements.append(SubjectStatements.insertAliases(newAliases)) }
        _ = try await pool.pipeline(statements)
        entries.withLock { entries in
            for mark in marks { entries[mark.person]?.stored.insert(mark.hash) }
        }
    }

    /// One trace or alias of a person. Of two with one hash the second would not be stored; with 64 bits and a seed
    /// that nobody knows, that does not happen to the few of one person.
    private struct Mark: Hashable {
        let person: DataSubject
        let hash: Int

        init(_ person: DataSubject, _ category: PersonalFields.Category, _ text: String) {
            self.person = person
            hash = Self.hash(category.rawValue, text)
        }

        init(_ person: DataSubject, _ other: DataSubject) {
            self.person = person
            hash = Self.hash("alias", other.description)
        }

        private static func hash(_ kind: String, _ text: String) -> Int {
            var hasher = Hasher()
            hasher.combine(kind)
            // By bytes: texts that only count as equal are not the same trace.
            for byte in text.utf8 { hasher.combine(byte) }
            return hasher.finalize()
        }
    }
}
