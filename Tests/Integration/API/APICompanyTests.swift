import FlotillaQuota
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct APICompanyTests {
    private func withAPI(_ body: (APIFixture, QuotaFixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            try await APIFixture.with(database.pool) { api in try await body(api, QuotaFixture(database)) }
        }
    }

    @Test func `quotas are shown by kind, with what remains`() async throws {
        try await withAPI { api, fixture in
            await fixture.views().handle((0..<130).map { QuotaWorkerTests.view("v-\($0)", "Ä & Co/1") })
            let data = try await api.call("GET", "/api/v1/quotas/%C3%84%20%26%20Co%2F1").data()
            #expect(data["companyId"] as? String == "Ä & Co/1")
            let quotas = try #require(data["quotas"] as? [[String: Any]])
            #expect(quotas.map { $0["kind"] as? String } == ["profile_views", "searches"])
            #expect(quotas.map { $0["used"] as? Int } == [100, 0])
            #expect(quotas.map { $0["remaining"] as? Int } == [0, 500])
            #expect(quotas.map { $0["overage"] as? Int } == [30, 0])
            #expect(quotas.allSatisfy { $0["plan"] as? String == "freemium" && $0["source"] as? String == "postgres" })
        }
    }

    @Test func `a check tells whether so much more lies within the quota`() async throws {
        try await withAPI { api, fixture in
            await fixture.views().handle((0..<98).map { QuotaWorkerTests.view("v-\($0)") })
            for (amount, isAllowed) in [(1, true), (2, true), (3, false)] {
                let body = #"{"kind":"profile_views","amount":\#(amount)}"#
                let data = try await api.call("POST", "/api/v1/quotas/acme/check", body).data()
                #expect(data["allowed"] as? Bool == isAllowed)
                #expect(data["remaining"] as? Int == 2)
            }
            await fixture.payments().handle([QuotaWorkerTests.payment("1", "acme", "enterprise")])
            let unlimited = try await api.call("POST", "/api/v1/quotas/acme/check", #"{"kind":"searches"}"#).data()
            #expect(unlimited["allowed"] as? Bool == true)
            #expect(unlimited["remaining"] is NSNull)
        }
    }

    @Test func `what can't be checked is refused with its field`() async throws {
        try await withAPI { api, _ in
            for (body, field) in [
                ("{}", "kind"), (#"{"kind":"views"}"#, "kind"), (#"{"kind":"searches","amount":0}"#, "amount"),
                (#"{"kind":"searches","amount":1.5}"#, "amount"), (#"{"kind":"searches","colour":1}"#, "colour"),
            ] {
                let response = try await api.call("POST", "/api/v1/quotas/acme/check", body)
                #expect(response.status == 422 && response.body.contains("\"\(field)\""))
            }
            let long = String(repeating: "x", count: 256)
            for path in ["quotas/a%01b", "quotas/\(long)", "subscriptions/%0A", "tokens/\(long)"] {
                #expect(try await api.call("GET", "/api/v1/\(path)").status == 422, "\(path)")
            }
            for path in ["quotas/acme", "subscriptions/acme", "tokens/acme"] {
                #expect(try await api.call("GET", "/api/v1/\(path)", key: "none").status == 401)
            }
        }
    }

    @Test func `a company's subscriptions are shown with its plan`() async throws {
        try await withAPI { api, fixture in
            let nothing = try await api.call("GET", "/api/v1/subscriptions/acme").data()
            #expect(nothing["plan"] as? String == "freemium")
            #expect((nothing["subscriptions"] as? [Any])?.isEmpty == true)
            await fixture.payments().handle([QuotaWorkerTests.payment("1", "acme", "pro")])
            let data = try await api.call("GET", "/api/v1/subscriptions/acme").data()
            #expect(data["plan"] as? String == "pro")
            let subscription = try #require((data["subscriptions"] as? [[String: Any]])?.first)
            #expect(subscription["status"] as? String == "active")
            #expect(subscription["periodEnd"] is String && subscription["endedAt"] == nil)
            #expect(subscription["cancelsAtPeriodEnd"] as? Bool == false)
        }
    }

    @Test func `the token ledger pages from the newest entry on`() async throws {
        try await withAPI { api, fixture in
            let inputs = (1...5).map {
                HandlerHarness.Input("t-\($0)", "token.purchased", #"{"companyId":"acme","tokens":\#($0)}"#)
            }
            #expect(await fixture.tokens(.purchased).handle(inputs).areDone)
            var amounts: [Int] = []
            var path = "/api/v1/tokens/acme?limit=2"
            while true {
                let data = try await api.call("GET", path).data()
                #expect(data["balance"] as? Int == 15 && data["debt"] as? Int == 0)
                amounts += (data["items"] as? [[String: Any]] ?? []).compactMap { $0["amount"] as? Int }
                guard let cursor = data["nextCursor"] as? String else { break }
                path = "/api/v1/tokens/acme?limit=2&cursor=\(cursor)"
            }
            #expect(amounts == [5, 4, 3, 2, 1])
            #expect(try await api.call("GET", "/api/v1/tokens/acme?cursor=x").status == 422)
        }
    }
}
