import FlotillaStorage

/// How token accounts are read for writing, and written.
enum TokenStatements {
    /// Makes the accounts that are not there, locks all of them in the one order in which every process does, and looks up
    /// which entries are in the ledger already.
    static func open(_ entries: [TokenEntry]) -> [SQLStatement] {
        let companies = SQLValue.textArray(Set(entries.map { ExactText($0.companyID) }).sorted().map(\.text))
        let referenced = entries.filter { $0.reference != nil }
        return [
            SQLStatement(
                """
                INSERT INTO token_accounts (company_id) SELECT id FROM unnest($1) AS id ORDER BY id COLLATE "C"
                ON CONFLICT DO NOTHING
                """,
                [companies]
            ),
            SQLStatement(
                """
                SELECT company_id, balance, debt, entries FROM token_accounts WHERE company_id = ANY ($1)
                ORDER BY company_id COLLATE "C" FOR UPDATE
                """,
                [companies]
            ),
            SQLStatement(
                """
                SELECT company_id, kind, reference FROM token_ledger
                JOIN unnest($1, $2, $3) AS wanted (company_id, kind, reference) USING (company_id, kind, reference)
                """,
                [
                    .textArray(referenced.map(\.companyID)), .textArray(referenced.map(\.kind.rawValue)),
                    .textArray(referenced.map(\.reference)),
                ]
            ),
        ]
    }

    static func write(_ ledger: TokenLedger) -> [SQLStatement] {
        let lines = ledger.lines
        guard !lines.isEmpty else { return [] }
        let changed = ledger.changed
        return [
            SQLStatement(
                """
                INSERT INTO token_ledger (company_id, sequence, kind, amount, balance, debt, reference, occurred_at)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .textArray(lines.map(\.entry.companyID)), .intArray(lines.map(\.account.entries)),
                    .textArray(lines.map(\.entry.kind.rawValue)), .intArray(lines.map(\.amount)),
                    .intArray(lines.map(\.account.balance)), .intArray(lines.map(\.account.debt)),
                    .textArray(lines.map(\.entry.reference)), .timestampArray(lines.map(\.entry.occurredAt)),
                ]
            ),
            SQLStatement(
                """
                UPDATE token_accounts AS account SET balance = changed.balance, debt = changed.debt,
                    entries = changed.entries, updated_at = now()
                FROM unnest($1, $2, $3, $4) AS changed (company_id, balance, debt, entries)
                WHERE account.company_id = changed.company_id
                """,
                [
                    .textArray(changed.map(\.companyID)), .intArray(changed.map(\.account.balance)),
                    .intArray(changed.map(\.account.debt)), .intArray(changed.map(\.account.entries)),
                ]
            ),
        ]
    }
}
