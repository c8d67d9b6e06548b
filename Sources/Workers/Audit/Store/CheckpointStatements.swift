import FlotillaStorage
import Synchronization

enum CheckpointStatements {
    /// Numbers, statements, keys and signatures.
    static func page(after number: Int64) -> SQLStatement {
        SQLStatement(
            """
            SELECT number, statement, key_id, signature FROM audit_checkpoints WHERE number > $1 ORDER BY number
            LIMIT 1000
            """,
            [.int(number)]
        )
    }
}
