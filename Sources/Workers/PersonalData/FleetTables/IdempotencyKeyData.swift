package import FlotillaStorage

/// Idempotency keys, and what requests were answered. One that a caller has made of an address is deleted, and so are those that
/// the person has sent with a token; their requests are new ones when they are repeated. Of jobs about the person alone the digest of the request goes, as it does in the jobs themselves.
package struct IdempotencyKeyData: PersonalDataStore {
    package let name = "idempotency keys"
    package let tables = ["idempotency_keys"]
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func erase(_ person: Person, isDryRun: Bool) async throws -> ErasureCount {
        if !isDryRun {
            _ = try await pool.query(
                SQLStatement(
                    """
                    UPDATE idempotency_keys SET fingerprint = NULL FROM jobs
                    WHERE jobs.id = resource AND jobs.request_hash IS NULL AND fingerprint IS NOT NULL
                    """
                )
            )
        }
        let patterns = TracePatterns.texts(of: person)
        let subjects = person.ids.union(person.contacts).map { $0.lowercased() }
        guard !patterns.isEmpty || !subjects.isEmpty else { return ErasureCount() }
        let redaction = Redaction(person)
        let candidates = try await pool.query(
            SQLStatement(
                """
                SELECT caller, idempotency_key, concat_ws(' ', idempotency_key, resource, answer) FROM idempotency_keys
                WHERE lower(concat_ws(' ', idempotency_key, resource, answer)) LIKE ANY ($1)
                    OR strpos(caller, '#') > 0 AND lower(substr(caller, strpos(caller, '#') + 1)) = ANY ($2)
                """,
                [.textArray(patterns), .textArray(subjects)]
            )
        )
        let found = candidates.filter { row in
            redaction.isPerson(subjectOf: row.text(0) ?? "") || redaction.everywhere.isFound(in: row.text(2) ?? "")
        }
        if !isDryRun, !found.isEmpty {
            _ = try await pool.query(
                SQLStatement(
                    """
                    DELETE FROM idempotency_keys USING unnest($1, $2) AS found (caller, idempotency_key)
                    WHERE idempotency_keys.caller = found.caller
                        AND idempotency_keys.idempotency_key = found.idempotency_key
                    """,
                    [.textArray(found.map { $0.text(0) }), .textArray(found.map { $0.text(1) })]
                )
            )
        }
        return ErasureCount(own: found.count)
    }
}
