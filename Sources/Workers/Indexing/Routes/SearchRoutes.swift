package import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaQuota
package import FlotillaStorage

/// `/api/v1/search`: find profiles. GET costs nothing and leaves no trace; POST is a search on behalf of a company, whose
/// quota counts it.
package struct SearchRoutes: Sendable {
    private enum Query {
        static let text = Field.optional(
            "q",
            .string(length: 1...1_000),
            "Words that all have to be there, \"a phrase\", this or that, -without; accents and capitals are all the same."
        )
        static let skills = Field.optional("skills", .list(upTo: 20, length: 200), "All of these, between commas.")
        static let experience = Field.optional("experience", .bounds, "Years: at least 3, or 3-5.")
        static let sector = Field.optional("sector", .string(length: 1...200), "In this sector.")
        static let score = Field.optional("score", .bounds, "The score: at least 4, or 3-4.5.")
        static let sort = Field.optional(
            "sort",
            .choice(ProfileQuery.Sort.allCases.map(\.rawValue)),
            "relevance unless given: the best match first; where no word has to be there, the highest score."
        )
        static let cursor = Field.optional("cursor", .string(length: 1...1_000), "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...100), "Profiles on a page; 20 unless given.")
        static let companyID = Field.optional("companyId", .string(), "For which company; its quota counts the search.")
        static let userID = Field.optional("userId", .string(), "Who searches.")
        static let counted: Fields = [
            text, skills, experience, sector, score, sort, cursor, limit, companyID, userID,
        ]
        static let free: Fields = [
            text, skills, experience, sector, score, sort, cursor, limit,
            Field.optional("companyId", .onlyCounted, "Not here: a search for a company counts, so it is a POST."),
            Field.optional("userId", .onlyCounted, "Not here, as companyId."),
        ]
    }

    private let engine: any SearchEngine
    private let intake: EventIntake
    private let exchange: String

    /// - Parameter exchange: the topic exchange.
    package init(_ engine: any SearchEngine, _ pool: PostgresPool, exchange: String) {
        self.engine = engine
        intake = EventIntake(pool)
        self.exchange = exchange
    }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/search",
                access: .scope(.read),
                summary: "Find profiles. Counts nothing. Names and addresses are shown with read:personal.",
                query: Query.free,
                answers: [.of(200, "A page of profiles; the first one with counts.", SearchSchemas.page)],
                handler: { call in try await search(call, call.query, isCounted: false) }
            ),
            Route(
                "POST",
                "/api/v1/search",
                access: .scope(.view),
                summary:
                    "Find profiles for a company, whose quota counts the search; turning a page counts nothing. Names and "
                    + "addresses are shown with read:personal.",
                body: Query.counted,
                examples: [("words", #"{"q":"swift","companyId":"c-1","userId":"u-1","limit":10}"#)],
                answers: [.of(200, "A page of profiles; the first one with counts.", SearchSchemas.page)],
                handler: { call in try await search(call, call.body, isCounted: true) }
            ),
        ]
    }

    private func search(_ call: Call, _ values: FieldValues, isCounted: Bool) async throws -> HTTPResponse {
        let query = ProfileQuery(
            text: values[Query.text],
            skills: values[Query.skills] ?? [],
            sector: values[Query.sector],
            experience: values[Query.experience],
            score: values[Query.score],
            sort: values[Query.sort].flatMap(ProfileQuery.Sort.init) ?? .relevance
        )
        var cursor: SearchCursor?
        if let text = values[Query.cursor] {
            cursor = SearchCursor(text, of: query)
            if cursor == nil {
                throw APIError.invalid([.init(field: "cursor", message: "is not the nextCursor of this same search")])
            }
        }
        let page: SearchPage
        do {
            page = try await engine.search(query, after: cursor, limit: values[Query.limit] ?? 20)
        } catch let error as IndexError {
            throw APIError(error)
        }
        // Turning a page is no new search.
        let searchID = isCounted && cursor == nil ? UUIDv7.make() : nil
        if let searchID { try await publish(call, query, page, searchID) }
        return try answer(page, searchID: searchID, isFull: call.mask.isOff)
    }

    private func answer(_ page: SearchPage, searchID: String?, isFull: Bool) throws -> HTTPResponse {
        var data = JSONObject()
        data.add("searchId", searchID)
        data.add("items", jsons: try page.profiles.map { try $0.json(isFull: isFull) })
        data.add("match", page.match.rawValue)
        if let overview = page.overview {
            data.add("total", json: overview.totalJSON)
            data.add("facets", json: overview.facetsJSON)
        }
        data.add("nextCursor", json: page.nextCursor.map(\.json) ?? "null")
        return Envelope.success(data.closed)
    }

    private func publish(_ call: Call, _ query: ProfileQuery, _ page: SearchPage, _ searchID: String) async throws {
        var body = JSONObject()
        body.add("searchId", searchID)
        body.add("companyId", call.body[Query.companyID])
        body.add("userId", call.body[Query.userID])
        body.add("query", call.body[Query.text])
        var filters = JSONObject()
        if let skills = call.body[Query.skills] { filters.add("skills", jsons: skills.map(\.json)) }
        filters.add("sector", call.body[Query.sector])
        filters.add("experience", call.body[Query.experience]?.text)
        filters.add("score", call.body[Query.score]?.text)
        body.add("filters", json: filters.closed)
        body.add("sort", query.sort.rawValue)
        body.add("resultCount", page.overview?.total)
        body.add("occurredAt", WallClock.iso8601())
        try await intake.publish(
            .event(SearchPerformed.event, body.closed, id: searchID, of: call, exchange: exchange)
        )
    }
}

extension APIError {
    fileprivate init(_ error: IndexError) {
        switch error.code {
        case .timeout:
            self.init(
                status: 503,
                code: "search_too_long",
                message: "This search takes too long: ask for more words, or use fewer exclusions.",
                retryAfter: 5
            )
        case .refused:
            self = .invalid([.init(field: "q", message: "is too much for the search engine: use fewer words")])
        case .unavailable: self = .unavailable("The search engine", retryAfter: 5)
        }
    }
}

extension OutgoingMessage {
    /// An event that a request has caused.
    static func event(_ name: String, _ body: String, id: String, of call: Call, exchange: String) -> Self {
        var message = Message(body: Array(body.utf8))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = id
        message.properties.type = name
        message.properties.correlationID = call.correlationID
        message.properties.appID = call.principal?.name
        return OutgoingMessage(exchange: exchange, routingKey: name, message: message)
    }
}

extension ProfileQuery.Bounds {
    fileprivate var text: String {
        func number(_ value: Double?) -> String { value.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" } ?? "" }
        return number(lowest) + "-" + number(highest)
    }
}
