import FlotillaPlatform
package import FlotillaStorage

/// Reads the status of companies' quotas: from Redis while that has it, else from Postgres, and then writes it to
/// Redis.
package struct QuotaReader: Sendable {
    private let pool: PostgresPool
    private let cache: QuotaCache?
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - cache: `nil` without Redis.
    ///   - now: microseconds since 1970.
    package init(
        _ pool: PostgresPool,
        cache: QuotaCache?,
        now: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
    ) {
        self.pool = pool
        self.cache = cache
        self.now = now
    }

    /// Whether the company may use that much more, without overage. The answer is late by the time that events take to
    /// arrive, and nothing is reserved.
    package func check(company: String, kind: QuotaKind, amount: Int64 = 1) async throws -> QuotaCheck {
        guard let status = try await statuses(of: company).first(where: { $0.kind == kind }) else {
            preconditionFailure("a company has a status in every kind")
        }
        return QuotaCheck(amount: amount, status: status)
    }

    /// One for each kind, in the order of the kinds. A company without any record is on the plan of everybody.
    package func statuses(of company: String) async throws -> [QuotaStatus] {
        if let cache {
            let shown = await cache.read(company).compactMap { QuotaStatus($0, from: .redis) }
            if shown.count == QuotaKind.allCases.count { return shown }
        }
        return try await refresh(company).compactMap { QuotaStatus($0, from: .postgres) }
    }

    /// Writes the quotas of companies whose periods have changed to the cache: those of the present, and of periods
    /// that were cut short, which would else be taken for the present ones.
    func showChanged(_ companies: [String]) async throws(PostgresError) {
        guard let cache else { return }
        let readAt = ContinuousClock.now
        let moment = now()
        let results = try await pool.pipeline([
            QuotaStatements.justEnded(of: companies, at: moment), QuotaStatements.statuses(of: companies, at: moment),
        ])
        cache.show(results.flatMap { $0.compactMap(QuotaSnapshot.init) }, readAt: readAt)
    }

    /// Reads a company's quotas from Postgres and writes them to the cache.
    private func refresh(_ company: String) async throws(PostgresError) -> [QuotaSnapshot] {
        let readAt = ContinuousClock.now
        let rows = try await pool.query(QuotaStatements.statuses(of: [company], at: now()))
        let snapshots = rows.compactMap(QuotaSnapshot.init)
        cache?.show(snapshots, readAt: readAt)
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
