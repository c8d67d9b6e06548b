import FlotillaModels
package import FlotillaStorage
import Workers

/// Searches the active generation's index in the engine; what is shown comes from the records.
package struct ElasticsearchSearch: SearchEngine {
    private let client: ElasticsearchClient
    private let pool: PostgresPool

    package init(_ client: ElasticsearchClient, _ pool: PostgresPool) {
        self.client = client
        self.pool = pool
    }

    package func search(_ query: ProfileQuery, after cursor: SearchCursor?, limit: Int) async throws -> SearchPage {
        let active = try await pool.query(
            SQLStatement("SELECT generation FROM search_generations WHERE state = 'active'")
        )
        let generation = active.first?.int(0) ?? 0
        let page = try await page(query, cursor?.match ?? .exact, generation, after: cursor, limit)
        guard cursor == nil, page.profiles.isEmpty, query.mayHaveTypos else { return page }
        let similar = try await self.page(query, .similar, generation, after: nil, limit)
        return similar.profiles.isEmpty ? page : similar
    }

    private func page(
        _ query: ProfileQuery,
        _ match: SearchCursor.Match,
        _ generation: Int64,
        after cursor: SearchCursor?,
        _ limit: Int
    ) async throws -> SearchPage {
        let body = ElasticsearchQuery(query: query, match: match).body(after: cursor, limit: limit + 1)
        // One preference for one search: copies of the index differ a little in their scores.
        let path = "/\(client.configuration.index(generation))/_search?preference=\(query.fingerprint)"
        let json: JSONValue
        do {
            let answer = try await client.send("POST", path, body, timeout: client.configuration.searchTimeout)
            if answer.status == 404 {
                // Somebody has deleted it; the next change makes it again.
                let reason = ElasticsearchResponse.reason(answer.json, 404)
                throw IndexError(code: .unavailable, operation: "search", detail: reason)
            }
            json = try answer.checked("search")
        } catch let outage as DependencyOutage {
            throw IndexError(code: .unavailable, operation: "search", detail: outage.reason)
        }
        guard json["timed_out"] != .boolean(true) else {
            throw IndexError(code: .timeout, operation: "search", detail: "the engine timed out")
        }
        let hits = json["hits"]?["hits"]?.elements ?? []
        let shown = hits.prefix(limit)
        let records = try await ProfileRecords(pool).visible(shown.compactMap { $0["_id"]?.text })
        let byID = Dictionary(records.map { (ExactText($0.profileID), $0) }) { first, _ in first }
        var page = SearchPage(profiles: [], match: match)
        for hit in shown {
            guard let id = hit["_id"]?.text, let record = byID[ExactText(id)] else { continue }
            page.profiles.append(
                FoundProfile(
                    profileID: id,
                    relevance: query.text == nil ? nil : hit["_score"]?.double,
                    personal: record.personal,
                    fields: record.fields,
                    eventAt: record.eventAt
                )
            )
        }
        if hits.count > limit, let last = shown.last, let key = last["sort"]?.elements.first?.double,
            let id = last["_id"]?.text
        {
            page.nextCursor = SearchCursor(match: match, key: key, profileID: id).text(of: query)
        }
        if cursor == nil { page.overview = SearchOverview(json) }
        return page
    }
}

extension SearchOverview {
    /// - Parameter json: the engine's answer to a search.
    fileprivate init(_ json: JSONValue) {
        self.init()
        let found = Int(json["hits"]?["total"]?["value"]?.double ?? 0)
        total = min(found, Self.limit)
        isExact = found <= Self.limit
        let counts = json["aggregations"]
        func buckets(_ name: String) -> [Count] {
            (counts?[name]?["buckets"]?.elements ?? []).compactMap { bucket in
                guard let value = bucket["key"]?.text, let count = bucket["doc_count"]?.double, count > 0 else {
                    return nil
                }
                return Count(value: value, count: Int(count))
            }
        }
        skills = buckets("skills")
        sectors = buckets("sectors")
        experience = buckets("experience").sorted { $0.count > $1.count }
        let score = counts?["score"]
        lowestScore = score?["min"]?.double
        highestScore = score?["max"]?.double
        averageScore = score?["avg"]?.double
    }
}
