package import FlotillaHTTPRouting
import FlotillaPlatform
package import FlotillaStorage

/// `/api/v1/tokens`: companies' token accounts and their ledger.
package struct TokenRoutes: Sendable {
    private enum Query {
        static let cursor = Field.optional("cursor", .integer(1...Int.max), "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Entries on a page; 50 unless given.")
        static let fields: Fields = [cursor, limit]
    }

    private let reader: TokenReader

    package init(_ pool: PostgresPool) { reader = TokenReader(pool) }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/tokens/{company}",
                access: .scope(.read),
                summary: "What a company's token account holds, and its entries, the newest first.",
                query: Query.fields,
                answers: [.of(200, "The balance and a page of entries.", Schemas.tokens)],
                handler: get
            )
        ]
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        let company = try call.company()
        let limit = call.query[Query.limit] ?? 50
        let (account, entries) = try await reader.read(
            company,
            before: call.query[Query.cursor].map(Int64.init),
            limit: limit + 1
        )
        let page = entries.prefix(limit)
        var data = JSONObject()
        data.add("companyId", company)
        data.add("balance", Int(account.balance))
        data.add("debt", Int(account.debt))
        data.add("items", jsons: page.map(\.json))
        let next = entries.count > limit ? page.last.map { String($0.sequence).json } : nil
        data.add("nextCursor", json: next ?? "null")
        return Envelope.success(data.closed)
    }
}

extension TokenReader.Entry {
    fileprivate var json: String {
        var object = JSONObject()
        object.add("sequence", Int(sequence))
        object.add("kind", kind)
        object.add("amount", Int(amount))
        object.add("balance", Int(account.balance))
        object.add("debt", Int(account.debt))
        object.add("reference", reference)
        object.add("occurredAt", WallClock.iso8601(occurredAt))
        object.add("recordedAt", WallClock.iso8601(recordedAt))
        return object.closed
    }
}
