import FlotillaPlatform
package import FlotillaStorage

/// Tells how companies stand with their quotas: from Redis while that has it, else from Postgres, which it then shows.
package struct QuotaReader: Sendable {
    private let pool: PostgresPool
    private let board: QuotaBoard?
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - board: `nil` without Redis.
    ///   - now: microseconds since 1970.
    package init(
        _ pool: PostgresPool,
        board: QuotaBoard?,
        now: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
    ) {
        self.pool = pool
        self.board = board
        self.now = now
    }

    /// Whether the company may use that much more, without overage. What it is told lags behind what was done by the
    /// way of an event, and nothing is reserved.
    package func check(company: String, kind: QuotaKind, amount: Int64 = 1) async throws -> QuotaCheck {
        guard let standing = try await standings(of: company).first(where: { $0.kind == kind }) else {
            preconditionFailure("a company has a standing in every kind")
        }
        return QuotaCheck(amount: amount, standing: standing)
    }

    /// One for each kind, in the order of the kinds. A company that was never heard of is on the plan of everybody.
    package func standings(of company: String) async throws -> [QuotaStanding] {
        if let board {
            let shown = await board.read(company).compactMap { QuotaStanding($0, from: .redis) }
            if shown.count == QuotaKind.allCases.count { return shown }
        }
        return try await refresh(company).compactMap { QuotaStanding($0, from: .postgres) }
    }

    /// Shows the standings of companies whose periods have changed: those of the present, and of periods that were cut
    /// short, which would else be taken for the present ones.
    func showChanged(_ companies: [String]) async throws(PostgresError) {
        guard let board else { return }
        let readAt = ContinuousClock.now
        let moment = now()
        let results = try await pool.pipeline([
            QuotaStatements.justEnded(of: companies, at: moment), QuotaStatements.standings(of: companies, at: moment),
        ])
        board.show(results.flatMap { $0.compactMap(QuotaSnapshot.init) }, readAt: readAt)
    }

    /// Reads a company's standings from Postgres and shows them.
    private func refresh(_ company: String) async throws(PostgresError) -> [QuotaSnapshot] {
        let readAt = ContinuousClock.now
        let rows = try await pool.query(QuotaStatements.standings(of: [company], at: now()))
        let snapshots = rows.compactMap(QuotaSnapshot.init)
        board?.show(snapshots, readAt: readAt)
        return snapshots
    }
}

extension QuotaSnapshot {
    fileprivate init?(_ row: SQLRow) {
        guard let company = row.text(0), let kind = row.text(1), let plan = row.text(2), let start = row.timestamp(3),
            let end = row.timestamp(4)
        else { return nil }
        self.init(
            companyID: company,
            kind: kind,
            plan: plan,
            start: start,
            end: end,
            limit: row.int(5),
            used: row.int(6) ?? 0,
            overage: row.int(7) ?? 0,
            version: row.int(8) ?? 0
        )
    }
}
