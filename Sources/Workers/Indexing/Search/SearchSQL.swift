import FlotillaStorage

/// The statements of one search.
struct SearchSQL {
    private static let headline = "(title || ' ' || keywords)"

    private let query: ProfileQuery
    private let match: SearchCursor.Match
    private var values: [SQLValue] = []
    private var condition = "generation = (SELECT generation FROM search_generations WHERE state = 'active')"
    /// How well a row matches the text.
    private var relevance = "0::double precision"

    init(_ query: ProfileQuery, _ match: SearchCursor.Match) {
        self.query = query
        self.match = match
        switch match {
        case .exact: matchExactly()
        case .similar: matchWords()
        }
        if !query.skills.isEmpty {
            condition += " AND skills @> \(add(.text(ArrayLiteral.text(query.skills))))::text[]"
        }
        if let sector = query.sector { condition += " AND sector = \(add(.text(sector)))" }
        restrict("experience_years", to: query.experience)
        restrict("score", to: query.score)
    }

    /// Plans are made for the very words: one for any words expects few results, and reads the text index from end to end
    /// where nearly all of the profiles are wanted.
    ///
    /// How much a word has to resemble another is a number from 0 to 1. The extension's own default asks for more; with
    /// less, words that share no more than their beginning and their end are found by the ten thousand.
    var settings: [SQLStatement] {
        let likeness = match == .similar ? ", set_config('pg_trgm.word_similarity_threshold', '0.45', true)" : ""
        return [SQLStatement("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)\(likeness)")]
    }

    /// Columns: id, sort key, personal fields, other fields, time, relevance.
    func page(after cursor: SearchCursor?, limit: Int) -> SQLStatement {
        var sql = self
        let key =
            switch query.order {
            case .relevance: relevance
            case .score: "coalesce(score, '-Infinity')"
            case .experience: "coalesce(experience_years, '-Infinity')"
            case .newest: "event_at"
            }
        let isTime = query.order == .newest
        var condition = "true"
        if let cursor {
            let value: SQLValue = isTime ? .timestamp(Int64(cursor.key)) : .double(cursor.key)
            let place = sql.add(value)
            let id = sql.add(.text(cursor.profileID))
            condition = "key <= \(place) AND (key < \(place) OR profile_id > \(id))"
        }
        let number = isTime ? "(extract(epoch FROM key) * 1000000)::double precision" : "key"
        let limit = sql.add(.int(Int64(limit)))
        return SQLStatement(
            """
            WITH page AS MATERIALIZED (
                SELECT * FROM (
                    SELECT generation, profile_id, \(key) AS key, \(relevance) AS relevance, event_at
                    FROM search_profiles WHERE \(self.condition)
                ) AS found WHERE \(condition) ORDER BY key DESC, profile_id LIMIT \(limit)
            )
            SELECT page.profile_id, \(number), record.personal, record.fields, page.event_at, page.relevance
            FROM page JOIN search_records AS record USING (generation, profile_id)
            ORDER BY key DESC, page.profile_id
            """,
            sql.values
        )
    }

    /// Columns: what is counted, the value, how many; for the total also the least, the greatest and the mean score.
    var overview: SQLStatement {
        var sql = self
        let limit = sql.add(.int(Int64(SearchOverview.limit + 1)))
        return SQLStatement(
            """
            WITH found AS MATERIALIZED (
                SELECT skills, sector, experience_years, score FROM search_profiles WHERE \(condition) LIMIT \(limit)
            )
            (SELECT 'total', NULL::text, count(*), min(score), max(score), avg(score) FROM found)
            UNION ALL (
                SELECT 'skill', skill, count(*), NULL, NULL, NULL FROM found, unnest(skills) AS skill
                GROUP BY skill ORDER BY count(*) DESC, skill LIMIT 20)
            UNION ALL (
                SELECT 'sector', sector, count(*), NULL, NULL, NULL FROM found WHERE sector IS NOT NULL
                GROUP BY sector ORDER BY count(*) DESC, sector LIMIT 20)
            UNION ALL (
                SELECT 'experience', bounds, count(*), NULL, NULL, NULL FROM (
                    SELECT CASE WHEN experience_years < 2 THEN '0-2' WHEN experience_years < 5 THEN '2-5'
                        WHEN experience_years < 10 THEN '5-10' ELSE '10-' END AS bounds
                    FROM found WHERE experience_years IS NOT NULL
                ) AS years GROUP BY bounds ORDER BY count(*) DESC, bounds)
            """,
            sql.values
        )
    }

    private mutating func add(_ value: SQLValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// A profile of one language has the words of that language alone: with the other's, an exclusion would exclude
    /// nothing.
    private mutating func matchExactly() {
        guard let text = query.text else { return }
        let place = add(.text(text))
        let french = "websearch_to_tsquery('pg_catalog.french', \(place))"
        let english = "websearch_to_tsquery('pg_catalog.english', \(place))"
        if query.hasExclusions {
            condition += """
                 AND (vector @@ \(french) AND language IS DISTINCT FROM 'en'
                OR vector @@ \(english) AND language IS DISTINCT FROM 'fr')
                """
        } else {
            condition += " AND vector @@ (\(french) || \(english))"
        }
        if query.asksForWords { relevance = "ts_rank(vector, \(french) || \(english))::double precision" }
    }

    /// Every word, or one that resembles it in the title or among skills, sector and location.
    private mutating func matchWords() {
        var likeness: [String] = []
        for word in query.words {
            let place = add(.text(word))
            condition += " AND (search_resembles(\(Self.headline), \(place)) OR vector @@ \(tsquery(at: place)))"
            likeness.append("search_resemblance(\(Self.headline), \(place))")
        }
        relevance = "(\(likeness.joined(separator: " + ")))::double precision / \(likeness.count)"
    }

    private func tsquery(at place: String) -> String {
        "(plainto_tsquery('pg_catalog.french', \(place)) || plainto_tsquery('pg_catalog.english', \(place)))"
    }

    private mutating func restrict(_ column: String, to bounds: ProfileQuery.Bounds?) {
        if let lowest = bounds?.lowest { condition += " AND \(column) >= \(add(.double(lowest)))" }
        if let highest = bounds?.highest { condition += " AND \(column) <= \(add(.double(highest)))" }
    }
}
