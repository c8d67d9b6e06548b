import FlotillaModels
import FlotillaPersonalData
package import FlotillaStorage

/// The search index. It keeps that somebody is gone, so that no late event brings a profile back.
package struct SearchData: PersonalDataStore {
    let name = "search index"
    let tables = ["search_records", "search_profiles"]
    let identifiesPeople = true
    private let pool: PostgresPool
    private let index: any IndexStore

    package init(_ pool: PostgresPool, _ index: any IndexStore) {
        self.pool = pool
        self.index = index
    }

    func identify(_ person: inout Person) async throws {
        let rows = try await pool.query(
            SQLStatement(
                "SELECT profile_id, user_ids, personal FROM search_records WHERE user_ids && $1 OR profile_id = ANY ($2)",
                [.textArray(Self.users(of: person)), .textArray(Self.profiles(of: person))]
            )
        )
        for row in rows {
            if let profile = row.text(0) { person.add(DataSubject(kind: "profile", id: profile)) }
            for user in row.texts(1) ?? [] { person.add(DataSubject(kind: "user", id: user)) }
            guard let personal = try? JSONValue(row.bytes(2) ?? []) else { continue }
            func text(_ field: ProfileField) -> String? { personal[field.rawValue]?.text }
            person.add(text(.email), .email)
            person.add(text(.phone), .phone)
            let (first, last) = (text(.firstName), text(.lastName))
            for name in [text(.fullName), first, last] { person.add(name, .name) }
            if let first, let last { person.add("\(first) \(last)", .name) }
        }
    }

    func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        let users = Self.users(of: person)
        let profiles = Self.profiles(of: person)
        let isMeant = "standing <> 'deleted' AND (user_ids && $1 OR profile_id = ANY ($2))"
        let rows = try await pool.query(
            SQLStatement(
                "SELECT count(*) FROM search_records WHERE \(isMeant)",
                [.textArray(users), .textArray(profiles)]
            )
        )
        let count = ErasureCount(own: Int(rows.first?.int(0) ?? 0))
        guard !isDryRun else { return count }
        // A profile whose user no event has named is deleted as if the profile were a user.
        let nameless = try await pool.query(
            SQLStatement(
                """
                UPDATE search_records SET user_ids = ARRAY['profile:' || profile_id]
                WHERE profile_id = ANY ($1) AND user_ids = '{}' AND standing <> 'deleted' RETURNING profile_id
                """,
                [.textArray(profiles)]
            )
        )
        let all = users + nameless.compactMap { $0.text(0).map { "profile:\($0)" } }
        if !all.isEmpty { try await UserDeletion(pool, index).delete(all) }
        return count
    }

    private static func users(of person: Person) -> [String] {
        person.subjects.filter { $0.kind == "user" || $0.kind == "candidate" }.map(\.id).sorted()
    }

    private static func profiles(of person: Person) -> [String] {
        person.subjects.filter { $0.kind == "profile" }.map(\.id).sorted()
    }
}
