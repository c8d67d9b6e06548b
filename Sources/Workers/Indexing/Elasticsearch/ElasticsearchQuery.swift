import FlotillaModels

/// The body of a search request, as JSON text.
struct ElasticsearchQuery {
    private static let fields = [("title", 10), ("keywords", 4), ("context", 2), ("body", 1)]

    let query: ProfileQuery
    let match: SearchCursor.Match

    func body(after cursor: SearchCursor?, limit: Int) -> String {
        var parts = ["\"size\":\(limit)", "\"_source\":false", "\"track_scores\":true"]
        parts.append("\"query\":\(condition)")
        parts.append("\"sort\":[{\"\(sortField)\":{\"order\":\"desc\"}},{\"profile_id\":{\"order\":\"asc\"}}]")
        if let cursor {
            let key = query.order == .newest ? "\(Int64(cursor.key))" : "\(cursor.key)"
            parts.append("\"search_after\":[\(key),\(quoted(cursor.profileID))]")
            parts.append("\"track_total_hits\":false")
        } else {
            parts.append("\"track_total_hits\":\(SearchOverview.limit + 1)")
            parts.append("\"aggs\":\(Self.counts)")
        }
        return "{" + parts.joined(separator: ",") + "}"
    }

    private var sortField: String {
        switch query.order {
        case .relevance: "_score"
        case .score: "score_order"
        case .experience: "experience_order"
        case .newest: "event_at"
        }
    }

    private var condition: String {
        var filters = query.skills.map { "{\"term\":{\"skills\":\(quoted($0))}}" }
        if let sector = query.sector { filters.append("{\"term\":{\"sector\":\(quoted(sector))}}") }
        if let bounds = query.experience { filters.append(range("experience_years", bounds)) }
        if let bounds = query.score { filters.append(range("score", bounds)) }
        return "{\"bool\":{\"must\":\(text),\"filter\":[\(filters.joined(separator: ","))]}}"
    }

    private func range(_ field: String, _ bounds: ProfileQuery.Bounds) -> String {
        var limits: [String] = []
        if let lowest = bounds.lowest { limits.append("\"gte\":\(lowest)") }
        if let highest = bounds.highest { limits.append("\"lte\":\(highest)") }
        return "{\"range\":{\"\(field)\":{\(limits.joined(separator: ","))}}}"
    }

    private var text: String {
        guard let text = query.text else { return "{\"match_all\":{}}" }
        if match == .similar {
            return "{\"bool\":{\"must\":[\(query.words.map(similar).joined(separator: ","))]}}"
        }
        let alternatives = WebQuery(text).alternatives.map(all)
        return alternatives.isEmpty ? "{\"match_none\":{}}" : either(alternatives)
    }

    private func all(_ terms: [WebQuery.Term]) -> String {
        let wanted = terms.filter { !$0.isExcluded }.map { term($0, ignoresStopWords: true) }
        let excluded = terms.filter(\.isExcluded).map { term($0, ignoresStopWords: false) }
        return """
            {"bool":{"must":[\(wanted.joined(separator: ","))],"must_not":[\(excluded.joined(separator: ","))]}}
            """
    }

    private func either(_ queries: [String]) -> String {
        "{\"bool\":{\"should\":[\(queries.joined(separator: ","))],\"minimum_should_match\":1}}"
    }

    /// In either language. A word that a language leaves out is no condition there, unless it is to be excluded.
    private func term(_ term: WebQuery.Term, ignoresStopWords: Bool) -> String {
        let type = term.isPhrase ? "phrase" : "best_fields"
        return either(
            ["fr", "en"].map { language in
                let fields = Self.fields.map { "\"\($0.0).\(language)^\($0.1)\"" }.joined(separator: ",")
                return """
                    {"multi_match":{"query":\(quoted(term.text)),"type":"\(type)","operator":"and","fields":[\(fields)],\
                    "zero_terms_query":"\(ignoresStopWords ? "all" : "none")"}}
                    """
            }
        )
    }

    private func similar(_ word: String) -> String {
        let likeness = """
            {"multi_match":{"query":\(quoted(word)),"fields":["title^2","keywords"],"fuzziness":"AUTO","prefix_length":1}}
            """
        return either([likeness, term(WebQuery.Term(text: word), ignoresStopWords: true)])
    }

    private func quoted(_ text: String) -> String { JSONValue.string(text).json }

    private static let counts = """
        {"skills":{"terms":{"field":"skills","size":20}},"sectors":{"terms":{"field":"sector","size":20}},\
        "experience":{"range":{"field":"experience_years","ranges":[{"key":"0-2","to":2},{"key":"2-5","from":2,"to":5},\
        {"key":"5-10","from":5,"to":10},{"key":"10-","from":10}]}},"score":{"stats":{"field":"score"}}}
        """
}
