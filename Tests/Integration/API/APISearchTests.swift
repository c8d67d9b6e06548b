import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaIndexing
import FlotillaModels
import FlotillaQuota
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APISearchTests {
    private func withAPI(_ body: (APIFixture, IndexingHarness) async throws -> Void) async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database in
            let harness = IndexingHarness(database.pool)
            await harness.add(
                "p 1",
                #""firstName":"Zoé","email":"z@x.fr","title":"Soudeuse","summary":"Zoé soude","skills":["TIG"]"#
            )
            try await APIFixture.with(database.pool) { api in try await body(api, harness) }
        }
    }

    private func events(_ api: APIFixture) async throws -> [(name: String, body: [String: Any])] {
        try await api.pool.query(SQLStatement("SELECT routing_key, body FROM outbox ORDER BY id")).map { row in
            let body = try JSONSerialization.jsonObject(with: Data(row.bytes(1) ?? [])) as? [String: Any]
            return (row.text(0) ?? "", body ?? [:])
        }
    }

    @Test func `a search shows no names to a reader, and all to who may see personal data`() async throws {
        try await withAPI { api, _ async throws in
            let path = "/api/v1/search?q=souder&skills=tig"
            let reader = try await APIKeys(api.pool).create(name: "reader", scopes: [.read, .operate])
            let anonymous = try await api.call("GET", path, key: reader.revealed)
            #expect(anonymous.status == 200)
            #expect(!anonymous.body.contains("Zo") && !anonymous.body.contains("contact"))
            #expect(anonymous.body.contains("… soude"))
            let full = try await api.call("GET", path)
            #expect(full.body.contains(#""contact":{"firstName":"Zoé","email":"z@x.fr"}"#))
            #expect(full.body.contains("Zoé soude"))
        }
    }

    @Test func `a search by GET or HEAD counts nothing, and one for a company is not taken by it`() async throws {
        try await withAPI { api, _ async throws in
            let client = try api.client()
            client.send(api.request("HEAD", "/api/v1/search?q=soudeur"))
            #expect(await client.response(toHead: true)?.status == 200)
            let found = try await api.call("GET", "/api/v1/search?q=soudeur").data()
            #expect(found["searchId"] == nil && (found["items"] as? [Any])?.count == 1)
            for field in ["companyId", "userId"] {
                let refused = try await api.call("GET", "/api/v1/search?q=soudeur&\(field)=c-1")
                #expect(refused.status == 422)
                #expect(refused.body.contains("POST /api/v1/search"))
            }
            #expect(try await events(api).isEmpty)
        }
    }

    @Test func `each counted search is reported once, and its further pages are not`() async throws {
        try await withAPI { api, harness async throws in
            await harness.add("p 2", #""title":"Soudeur""#)
            let path = "/api/v1/search"
            let asked = #""q":"soudeur","limit":1,"companyId":"c-1","userId":"r-1""#
            let none = try await api.call("POST", path, "{\(asked),\"experience\":\"-5\"}")
            #expect(try none.data()["match"] as? String == "exact")
            let first = try await api.call("POST", path, "{\(asked)}")
            let cursor = try #require(try first.data()["nextCursor"] as? String)
            let second = try await api.call("POST", path, "{\(asked),\"cursor\":\"\(cursor)\"}")
            #expect(try second.data()["nextCursor"] is NSNull)
            #expect(try second.data()["total"] == nil)
            let events = try await events(api)
            #expect(events.map(\.name) == ["search.performed", "search.performed"])
            #expect(events[1].body["companyId"] as? String == "c-1")
            #expect(events[1].body["userId"] as? String == "r-1")
            #expect(events[1].body["query"] as? String == "soudeur")
            #expect(events[1].body["resultCount"] as? Int == 2)
            let row = try await api.pool.query(SQLStatement("SELECT body FROM outbox ORDER BY id DESC LIMIT 1"))[0]
            let read = try PayloadDecoder.decode(SearchPerformed.self, from: row.bytes(0) ?? [])
            let searchID = try first.data()["searchId"] as? String
            #expect(read.companyID == "c-1" && read.userID == "r-1" && read.searchID == searchID)
        }
    }

    @Test func `what can't be meant is 422 and named`() async throws {
        let queries = [
            "experience=x", "experience=5-3", "experience=-", "score=1-2-3", "sort=best", "limit=0", "limit=101", "q=",
            "cursor=abc",
            "skills=,", "sector=", "q=%00", "q=%ff", "q=a%0ab", "unknown=1",
        ]
        try await withAPI { api, _ async throws in
            for query in queries {
                let response = try await api.call("GET", "/api/v1/search?\(query)")
                #expect(response.status == 422)
                #expect(response.body.contains(#""field":"\#(query.prefix { $0 != "=" })""#))
            }
        }
    }

    /// Percent-encoded texts, and whether they can be searched for.
    private static let texts: [(text: String, isSearched: Bool)] = [
        ("%22", true), ("%27", true), ("%5C", true), ("%26%7C%21%28%29%3A%2A%3C-%3E", true), ("-%22a", true),
        ("or%20or", true), ("%F0%9F%8E%89", true), ("a%20%26%20b", true), ("-", true), ("-soudeur", true),
        // Nothing but words that say nothing, in either language.
        ("le%20la%20les%20de%20the%20of%20and", true), ("%20%20%20", true), ("%C2%A0%E2%80%8B", true),
        ("%22le%20la%22%20or%20-the", true), ("%27%3B%20DROP%20TABLE%20search_profiles%3B%20--", true),
        (String(repeating: "a%20", count: 500), true), (String(repeating: "-%22x%22%20or%20", count: 110), true),
        (String(repeating: "%F0%9F%8E%89", count: 250), true), (String(repeating: "x", count: 1_000), true),
        (String(repeating: "-", count: 60), true), (String(repeating: "-", count: 60) + "swift", true),
        ("swift%20" + String(repeating: "-%20", count: 60) + "paris", true),
        (String(repeating: "%E2%80%93", count: 60), true), (String(repeating: "-%22%22", count: 60), true),
        (String(repeating: "-%28", count: 60) + "x", true),
        ("%00", false), ("a%00b", false), ("a%0Ab", false), ("%FF", false), ("%ED%A0%80", false),
        (String(repeating: "x", count: 1_001), false), (String(repeating: "%22a%26", count: 1_500), false),
        (String(repeating: "x", count: 10_240), false),
    ]

    @Test func `any text is searched for, or refused with the name of its field`() async throws {
        try await withAPI { api, _ async throws in
            for (text, isSearched) in Self.texts {
                let response = try await api.call("GET", "/api/v1/search?q=\(text)")
                #expect(response.status == (isSearched ? 200 : 422), "\(text.prefix(50))")
                #expect(isSearched || response.body.contains(#""field":"q""#), "\(text.prefix(50))")
            }
        }
    }

    @Test func `a view shows the profile and the quota as it was, and is reported`() async throws {
        try await withAPI { api, _ async throws in
            let path = "/api/v1/profiles/p%201/view"
            let body = #"{"companyId":"c-1","viewerId":"r-1"}"#
            let viewer = try await APIKeys(api.pool).create(name: "viewer", scopes: [.view])
            let headers = ["X-Correlation-ID": "flow-1"]
            let response = try await api.call("POST", path, body, headers: headers, key: viewer.revealed)
            #expect(response.status == 200 && !response.body.contains("Zo"))
            let quota = try #require(try response.data()["quota"] as? [String: Any])
            #expect(
                quota["plan"] as? String == "freemium" && quota["limit"] as? Int == 100
                    && quota["remaining"] as? Int == 100
            )
            let row = try await api.pool.query(SQLStatement("SELECT routing_key, body, properties FROM outbox"))[0]
            #expect(row.text(0) == "profile.viewed")
            let view = try PayloadDecoder.decode(ProfileViewed.self, from: row.bytes(1) ?? [])
            #expect(
                view.companyID == "c-1" && view.profileID == "p 1" && view.viewerID == "r-1" && view.occurredAt != nil
            )
            #expect(row.text(2)?.contains("flow-1") == true)
        }
    }

    @Test func `past the limit a view is allowed and said to be over it; a plan without views allows none`()
        async throws
    {
        try await withAPI { api, _ async throws in
            let path = "/api/v1/profiles/p%201/view"
            let views = (0..<103).map { QuotaWorkerTests.view("m-\($0)", "c-1") }
            #expect(await QuotaWorkerTests.harness(api.pool).handle(views).areDone)
            let over = try await api.call("POST", path, #"{"companyId":"c-1"}"#)
            let quota = try #require(try over.data()["quota"] as? [String: Any])
            #expect(over.status == 200 && quota["isExhausted"] as? Bool == true && quota["overage"] as? Int == 3)
            _ = try await api.pool.query(SQLStatement("UPDATE plan_limits SET usage_limit = 0 WHERE plan = 'freemium'"))
            let none = try await api.call("POST", path, #"{"companyId":"c-2"}"#)
            #expect(none.status == 403)
            #expect(try none.code() == "not_in_plan")
            #expect(try await events(api).count { $0.name == "profile.viewed" } == 1)
        }
    }

    @Test func `a view of a company with a subscription is checked against its paid period`() async throws {
        try await withAPI { api, _ async throws in
            #expect(
                await QuotaWorkerTests.payments(api.pool).handle([QuotaWorkerTests.payment("1", "c-1", "pro")]).areDone
            )
            #expect(await QuotaWorkerTests.harness(api.pool).handle([QuotaWorkerTests.view("m", "c-1")]).areDone)
            let response = try await api.call("POST", "/api/v1/profiles/p%201/view", #"{"companyId":"c-1"}"#)
            let quota = try #require(try response.data()["quota"] as? [String: Any])
            #expect(quota["plan"] as? String == "pro" && quota["remaining"] as? Int == 999)
        }
    }

    @Test func `views with one idempotency key are one message`() async throws {
        try await withAPI { api, _ async throws in
            for company in ["c-1", "c-1", "c-2"] {
                let body = #"{"companyId":"\#(company)"}"#
                let response = try await api.call(
                    "POST",
                    "/api/v1/profiles/p%201/view",
                    body,
                    headers: ["Idempotency-Key": "k"]
                )
                #expect(response.status == 200)
            }
            let ids = try await api.pool.query(SQLStatement("SELECT properties::json->>'message-id' FROM outbox")).map {
                $0.text(0) ?? "none"
            }
            #expect(ids.count == 3 && Set(ids).count == 2 && !ids.contains("none"))
        }
    }

    @Test func `a profile that is not there can't be seen, and costs nothing`() async throws {
        try await withAPI { api, harness async throws in
            let rejection = IndexingHarness.input(
                ProfileRejected.event,
                #"{"profileId":"p 1","occurredAt":"2026-05-01"}"#
            )
            #expect(await harness.handle([rejection]).areDone)
            for id in ["p%201", "nobody", String(repeating: "x", count: 255)] {
                let response = try await api.call("POST", "/api/v1/profiles/\(id)/view", #"{"companyId":"c-1"}"#)
                #expect(response.status == 404)
            }
            let tooLong = String(repeating: "x", count: 256)
            #expect(
                try await api.call("POST", "/api/v1/profiles/\(tooLong)/view", #"{"companyId":"c-1"}"#).status == 422
            )
            #expect(try await events(api).isEmpty)
        }
    }
}
