import FlotillaModules
package import FlotillaPlatform
package import FlotillaStorage

/// The keys of people, and the one that names them: wraps them with the current master key, so that an older one is needed
/// no more.
package struct SealedSubjectKeys: SealedSecrets {
    package let title = "people's keys"
    package let member = "wrapped"

    private static let page = 1_000

    private let pool: PostgresPool
    private let masters: MasterKeyring

    package init(_ pool: PostgresPool, masters: MasterKeyring) {
        self.pool = pool
        self.masters = masters
    }

    package func sealAnew(progress: (Int) -> Void) async throws -> Int {
        let master = masters.current
        var count = try await secrets(master)
        var last = Int64(0)
        while true {
            let rows = try await pool.query(
                SQLStatement(
                    """
                    SELECT id, name, master, wrapped_key FROM audit_subjects
                    WHERE master IS NOT NULL AND master <> $1 AND id > $2 ORDER BY id LIMIT \(Self.page)
                    """,
                    [.text(master.id), .int(last)]
                )
            )
            guard let end = rows.last?.int(0) else { return count }
            var wrapped: [(id: Int64, old: String, key: [UInt8])] = []
            for row in rows {
                guard let id = row.int(0), let name = row.text(1), let old = row.text(2), let key = row.bytes(3) else {
                    continue
                }
                let plain = try SubjectKey.unwrap(key, of: name, by: try masters.key(old))
                wrapped.append((id, old, SubjectKey.wrap(plain, of: name, by: master)))
            }
            // A person forgotten meanwhile stays so: the old master is compared.
            let done = try await pool.query(
                SQLStatement(
                    """
                    UPDATE audit_subjects AS old SET master = $4, wrapped_key = new.wrapped_key
                    FROM unnest($1, $2, $3) AS new (id, master, wrapped_key)
                    WHERE old.id = new.id AND old.master = new.master
                    """,
                    [
                        .intArray(wrapped.map(\.id)), .textArray(wrapped.map(\.old)), .bytesArray(wrapped.map(\.key)),
                        .text(master.id),
                    ]
                )
            )
            count += done.affected
            progress(count)
            last = end
        }
    }

    private func secrets(_ master: MasterKeys.Key) async throws -> Int {
        guard let row = try await pool.query(SubjectStatements.secret).first, let old = row.text(0),
            let key = row.bytes(1), old != master.id
        else { return 0 }
        let name = SubjectStatements.secretName
        let plain = try SubjectKey.unwrap(key, of: name, by: try masters.key(old))
        let statement = SQLStatement(
            "UPDATE audit_secrets SET master = $3, wrapped_key = $4 WHERE name = $1 AND master = $2",
            [
                .text(name), .text(old), .text(master.id),
                .bytes(SubjectKey.wrap(plain, of: name, by: master)),
            ]
        )
        return try await pool.query(statement).affected
    }
}
