package import FlotillaStorage

/// What companies' token accounts hold, and how it came about.
package struct TokenReader: Sendable {
    package struct Account: Sendable, Hashable {
        package var balance: Int64 = 0
        /// What was used beyond the balance; the next tokens pay it off first.
        package var debt: Int64 = 0
    }

    /// An entry of the ledger.
    package struct Entry: Sendable, Hashable {
        /// Counts from 1 within the company.
        package var sequence: Int64
        /// `purchased`, `used` or `allocated`.
        package var kind: String
        /// Below zero for a use.
        package var amount: Int64
        /// What there was after it.
        package var account: Account
        package var reference: String?
        /// Microseconds since 1970.
        package var occurredAt: Int64
        package var recordedAt: Int64
    }

    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    /// The account, all zero for a company without tokens, and its entries, the newest first.
    ///
    /// - Parameter before: the number of the last entry of the page before.
    package func read(
        _ company: String,
        before: Int64? = nil,
        limit: Int
    ) async throws(PostgresError) -> (account: Account, entries: [Entry]) {
        let results = try await pool.pipeline([
            SQLStatement("SELECT balance, debt FROM token_accounts WHERE company_id = $1", [.text(company)]),
            SQLStatement(
                """
                SELECT sequence, kind, amount, balance, debt, reference, occurred_at, recorded_at FROM token_ledger
                WHERE company_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3
                """,
                [.text(company), .int(before ?? .max), .int(Int64(limit))]
            ),
        ])
        let account = results[0].first.map { Account(balance: $0.int(0) ?? 0, debt: $0.int(1) ?? 0) } ?? Account()
        let entries = results[1].map { row in
            Entry(
                sequence: row.int(0) ?? 0,
                kind: row.text(1) ?? "",
                amount: row.int(2) ?? 0,
                account: Account(balance: row.int(3) ?? 0, debt: row.int(4) ?? 0),
                reference: row.text(5),
                occurredAt: row.timestamp(6) ?? 0,
                recordedAt: row.timestamp(7) ?? 0
            )
        }
        return (account, entries)
    }
}
