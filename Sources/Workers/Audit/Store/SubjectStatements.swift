import FlotillaPersonalData
import FlotillaStorage

/// SQL for `audit_subjects` and what belongs to them.
enum SubjectStatements {
    /// Makes those that are new. Sorted by name, so that two who do it at once do not wait for each other crosswise.
    static func insert(_ names: [String], master: String, wrapped: [[UInt8]]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO audit_subjects (name, master, wrapped_key)
            SELECT name, $2, wrapped_key FROM unnest($1, $3) AS new (name, wrapped_key) ORDER BY name
            ON CONFLICT (name) DO NOTHING
            """,
            [.textArray(names), .text(master), .bytesArray(wrapped)]
        )
    }

    static func find(_ names: [String]) -> SQLStatement {
        SQLStatement(
            "SELECT id, name, master, wrapped_key FROM audit_subjects WHERE name = ANY ($1)",
            [.textArray(names)]
        )
    }

    static func find(ids: [Int64]) -> SQLStatement {
        SQLStatement(
            "SELECT id, name, master, wrapped_key FROM audit_subjects WHERE id = ANY ($1)",
            [.intArray(ids)]
        )
    }

    static func insertTraces(_ traces: [SubjectTrace]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO audit_subject_traces (subject_id, digest, category, sealed)
            SELECT subject_id, digest, category, sealed FROM unnest($1, $2, $3, $4)
                AS new (subject_id, digest, category, sealed)
            WHERE EXISTS (SELECT FROM audit_subjects WHERE id = subject_id AND wrapped_key IS NOT NULL)
            ORDER BY subject_id, digest ON CONFLICT (subject_id, digest) DO NOTHING
            """,
            [
                .intArray(traces.map(\.subject)), .bytesArray(traces.map(\.digest)),
                .textArray(traces.map(\.category.rawValue)), .bytesArray(traces.map(\.sealed)),
            ]
        )
    }

    static func insertAliases(_ aliases: [(alias: String, subject: Int64)]) -> SQLStatement {
        SQLStatement(
            """
            INSERT INTO audit_subject_aliases (alias, subject_id)
            SELECT alias, subject_id FROM unnest($1, $2) AS new (alias, subject_id) ORDER BY alias, subject_id
            ON CONFLICT (alias, subject_id) DO NOTHING
            """,
            [.textArray(aliases.map(\.alias)), .intArray(aliases.map(\.subject))]
        )
    }

    static let secretName = "pseudonyms"

    static func insertSecret(master: String, wrapped: [UInt8]) -> SQLStatement {
        SQLStatement(
            "INSERT INTO audit_secrets (name, master, wrapped_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING",
            [.text(secretName), .text(master), .bytes(wrapped)]
        )
    }

    static let secret = SQLStatement(
        "SELECT master, wrapped_key FROM audit_secrets WHERE name = $1",
        [.text(secretName)]
    )
}
