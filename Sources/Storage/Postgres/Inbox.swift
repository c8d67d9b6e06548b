import FlotillaModels

/// The messages whose effects are done: one row per consumer and message id, written in the transaction of the effect.
package enum Inbox {
    /// Inserts the ids that are new. A concurrent transaction with one of them is waited for.
    package static func insert(consumer: String, messageIDs: [String]) -> SQLStatement {
        // Sorted, so that two transactions with the same ids wait for each other in one direction only.
        SQLStatement(
            """
            INSERT INTO inbox (consumer, message_id)
            SELECT $1, id FROM unnest($2) AS id GROUP BY id ORDER BY id
            ON CONFLICT DO NOTHING RETURNING message_id
            """,
            [.text(consumer), .textArray(messageIDs.map { $0.inboxKey })]
        )
    }

    /// Tells for each id, in order, whether `insert` found it new; within the batch only its first place is.
    package static func fresh(_ result: SQLResult, of messageIDs: [String]) -> [Bool] {
        if result.count == messageIDs.count { return Array(repeating: true, count: messageIDs.count) }
        return fresh(inserted: result.compactMap { $0.text(0) }, of: messageIDs)
    }

    static func fresh(inserted: [String], of messageIDs: [String]) -> [Bool] {
        var left = Set(inserted.map(ExactText.init))
        return messageIDs.map { left.remove(ExactText($0.inboxKey)) != nil }
    }

    /// Takes back the ids that the same transaction has inserted, for messages that are not handled after all.
    package static func remove(consumer: String, messageIDs: [String]) -> SQLStatement {
        SQLStatement(
            "DELETE FROM inbox WHERE consumer = $1 AND message_id = ANY ($2)",
            [.text(consumer), .textArray(messageIDs.map { $0.inboxKey })]
        )
    }

    /// From when on the table has everything that was handled, by the database's clock.
    ///
    /// Later than the oldest row by a tenth of the retention, an hour at most: an audit row may be younger than its
    /// message's row here, and rows are deleted while they are compared.
    package static func knownSince(retention: Duration) -> SQLStatement {
        let margin = min(retention / 10, .seconds(3_600))
        return SQLStatement("SELECT now() - $1 * interval '1 second'", [.double((retention - margin).seconds)])
    }

    /// Deletes up to `limit` rows that are older than `age`; the caller repeats until none is left.
    package static func prune(olderThan age: Duration = .seconds(14 * 86_400), limit: Int = 1_000) -> SQLStatement {
        SQLStatement(
            """
            DELETE FROM inbox WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM inbox WHERE received_at < now() - $1 * interval '1 second'
                ORDER BY received_at LIMIT $2))
            """,
            [.double(age.seconds), .int(Int64(limit))]
        )
    }
}

extension String {
    /// The id as the table holds it: text in Postgres can't hold U+0000, so it is written as U+0001 and "0".
    fileprivate var inboxKey: String {
        guard utf8.contains(where: { $0 <= 1 }) else { return self }
        var key = ""
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0: key += "\u{1}0"
            case 1: key += "\u{1}1"
            default: key.unicodeScalars.append(scalar)
            }
        }
        return key
    }
}
