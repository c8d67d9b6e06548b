import FlotillaAudit
import FlotillaPersonalData
import FlotillaPlatform
import FlotillaStorage

/// Finds out under which names, and by which texts, the fleet knows somebody.
struct SubjectSearch {
    private let privacy: AuditPrivacy
    private let stores: [any PersonalDataStore]

    init(_ privacy: AuditPrivacy, _ stores: [any PersonalDataStore]) {
        self.privacy = privacy
        self.stores = stores
    }

    /// Kinds that an id which no other kind can have may belong to.
    private static let kinds = [
        "user", "customer", "candidate", "profile", "guest", "mentee", "mentor", "recruiter", "member", "employee",
        "contact", "person", "owner", "viewer", "recipient", "actor", "admin", "operator", "record",
    ]

    /// The person whom the words name: `user:u-1`, an id, an e-mail address, a telephone number that begins with `+`, or
    /// a text such as a name.
    ///
    /// - Throws: `AuditError` when a number is that of several people.
    func person(_ subject: String, also others: [String]) async throws -> Person {
        let pseudonyms = try await privacy.pseudonyms()
        var person = Person()
        try await add(subject, to: &person, pseudonyms)
        for other in others {
            if other.contains(" ") { person.add(other, .name) } else { try await add(other, to: &person, pseudonyms) }
        }
        try await addOnlyOwner(to: &person, of: subject)
        while true {
            let before = person
            try await addAliases(to: &person)
            try await addTraces(to: &person)
            for store in stores { try await store.identify(&person) }
            for (text, category) in person.traces where category == .email || category == .phone {
                let id = category == .phone ? text.filter(\.isNumber) : text
                person.add(DataSubject(kind: category.rawValue, id: pseudonyms.pseudonym(of: id)))
            }
            if person == before { return person }
        }
    }

    /// An address or a number that one person alone has is that person's.
    private func addOnlyOwner(to person: inout Person, of word: String) async throws {
        guard word.utf8.contains(UInt8(ascii: "@")) || word.hasPrefix("+") else { return }
        let owners = try await ownersInStores(of: person)
        if owners.count == 1, let subject = owners.first.flatMap(DataSubject.init(name:)) { person.add(subject) }
    }

    private func ownersInStores(of person: Person) async throws -> Set<String> {
        var names: Set<String> = []
        for store in stores { names.formUnion(try await store.linked(to: person)) }
        return names
    }

    /// Names of others who have an address or a number of the person's.
    func linked(to person: Person) async throws -> [String] {
        let pseudonyms = try await privacy.pseudonyms()
        let digests = person.traces.filter { $0.value == .email || $0.value == .phone }
            .map { pseudonyms.digest($0.key, $0.value) }
        let rows = try await privacy.pool.query(
            SQLStatement(
                """
                SELECT DISTINCT name FROM audit_subject_traces JOIN audit_subjects ON id = subject_id
                WHERE digest = ANY ($1) AND name <> ALL ($2) ORDER BY name LIMIT 100
                """,
                [.bytesArray(digests), .textArray(person.subjects.map(\.description))]
            )
        )
        let owners = try await ownersInStores(of: person).subtracting(person.subjects.map(\.description))
        return owners.union(rows.compactMap { $0.text(0) }).sorted()
    }

    private func add(_ word: String, to person: inout Person, _ pseudonyms: Pseudonyms) async throws {
        if word.utf8.contains(UInt8(ascii: "@")) {
            let email = DataSubject(name: word).map(\.id) ?? word
            person.add(email, .email)
            let id = pseudonyms.identifier(email)
            for kind in Self.kinds + ["email"] { person.add(DataSubject(kind: kind, id: id)) }
        } else if word.hasPrefix("+"), ContactExtractor.isNumber(word) {
            person.add(word, .phone)
            person.add("+" + word.filter(\.isNumber), .phone)
        } else if let subject = DataSubject(name: word) {
            person.add(subject)
        } else if !word.isEmpty, word.allSatisfy(\.isNumber) {
            let known = try await kinds(of: word)
            guard known.count < 2 else {
                let names = known.map { "\($0):\(word)" }.joined(separator: " or ")
                throw AuditError(
                    code: .invalid,
                    operation: "find \(word)",
                    detail: "\(word) is not one person: say \(names)",
                    isRetriable: false
                )
            }
            person.add(DataSubject(kind: known.first ?? "user", id: word))
        } else {
            for kind in Self.kinds { person.add(DataSubject(kind: kind, id: word)) }
        }
    }

    /// Of which kinds there is somebody with the number. Those that an event said to be the same person count once.
    private func kinds(of number: String) async throws -> [String] {
        let names = Self.kinds.filter { $0 != "record" }.map { "\($0):\(number)" }
        let rows = try await privacy.pool.query(
            SQLStatement(
                """
                SELECT name FROM audit_subjects WHERE name = ANY ($1) UNION SELECT key FROM recipients
                WHERE key = ANY ($1) ORDER BY 1
                """,
                [.textArray(names)]
            )
        )
        return rows.compactMap { $0.text(0).flatMap(DataSubject.init(name:))?.kind }
    }

    private func addAliases(to person: inout Person) async throws {
        let rows = try await privacy.pool.query(
            SQLStatement(
                """
                SELECT alias FROM audit_subject_aliases JOIN audit_subjects ON id = subject_id WHERE name = ANY ($1)
                UNION SELECT name FROM audit_subject_aliases JOIN audit_subjects ON id = subject_id WHERE alias = ANY ($1)
                """,
                [.textArray(person.subjects.map(\.description))]
            )
        )
        for row in rows {
            if let subject = row.text(0).flatMap(DataSubject.init(name:)) { person.add(subject) }
        }
    }

    private func addTraces(to person: inout Person) async throws {
        let rows = try await privacy.pool.query(
            SQLStatement(
                """
                SELECT subjects.id, name, master, wrapped_key, category, sealed FROM audit_subjects AS subjects
                JOIN audit_subject_traces ON subject_id = subjects.id
                WHERE name = ANY ($1) AND wrapped_key IS NOT NULL
                """,
                [.textArray(person.subjects.map(\.description))]
            )
        )
        for row in rows {
            guard let id = row.int(0), let name = row.text(1), let sealed = row.bytes(5),
                let category = row.text(4).flatMap(PersonalFields.Category.init(rawValue:)),
                let cipher = try SubjectKeys.cipher(row, name, privacy.masters),
                let text = cipher.open(sealed, context: SubjectTrace.context(id))
            else { continue }
            person.add(String(decoding: text, as: UTF8.self), category)
        }
    }
}
