package import FlotillaStorage

/// Searches the tables of the active generation.
package struct PostgresSearch: SearchEngine {
    private let pool: PostgresPool

    package init(_ pool: PostgresPool) { self.pool = pool }

    package func search(_ query: ProfileQuery, after cursor: SearchCursor?, limit: Int) async throws -> SearchPage {
        let page = try await page(query, cursor?.match ?? .exact, after: cursor, limit)
        guard cursor == nil, page.profiles.isEmpty, query.mayHaveTypos else { return page }
        let similar = try await self.page(query, .similar, after: nil, limit)
        return similar.profiles.isEmpty ? page : similar
    }

    private func page(
        _ query: ProfileQuery,
        _ match: SearchCursor.Match,
        after cursor: SearchCursor?,
        _ limit: Int
    ) async throws -> SearchPage {
        let sql = SearchSQL(query, match)
        var statements = sql.settings
        statements.append(sql.page(after: cursor, limit: limit + 1))
        if cursor == nil { statements.append(sql.overview) }
        let results = try await run(statements)
        let rows = results[sql.settings.count]
        var page = SearchPage(profiles: [], match: match)
        for row in rows.prefix(limit) {
            guard let id = row.text(0), let key = row.double(1), let personal = row.text(2), let fields = row.text(3),
                let eventAt = row.timestamp(4)
            else { continue }
            page.profiles.append(
                FoundProfile(
                    profileID: id,
                    relevance: query.text == nil ? nil : row.double(5),
                    personal: personal,
                    fields: fields,
                    eventAt: eventAt
                )
            )
            if page.profiles.count == limit, rows.count > limit {
                page.nextCursor = SearchCursor(match: match, key: key, profileID: id).text(of: query)
            }
        }
        if cursor == nil { page.overview = SearchOverview(results[sql.settings.count + 1]) }
        return page
    }
}

extension PostgresSearch {
    private func run(_ statements: [SQLStatement]) async throws -> [SQLResult] {
        do {
            return try await pool.pipeline(statements)
        } catch {
            guard error.code == .sqlState("57014") else { throw error }
            throw IndexError(code: .timeout, operation: "search", detail: error.detail)
        }
    }
}

extension SearchOverview {
    /// - Parameter result: of ``SearchSQL/overview``.
    fileprivate init(_ result: SQLResult) {
        self.init()
        for row in result {
            let count = Count(value: row.text(1) ?? "", count: Int(row.int(2) ?? 0))
            switch row.text(0) {
            case "skill": skills.append(count)
            case "sector": sectors.append(count)
            case "experience": experience.append(count)
            default:
                total = min(count.count, Self.limit)
                isExact = count.count <= Self.limit
                lowestScore = row.double(3)
                highestScore = row.double(4)
                averageScore = row.double(5)
            }
        }
    }
}
