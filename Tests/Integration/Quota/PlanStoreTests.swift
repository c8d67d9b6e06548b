@testable import FlotillaQuota
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct PlanStoreTests {
    let freemium = Plan(code: "freemium", name: "Freemium", limits: [.profileViews: 10, .searches: 20])

    @Test func `plans of the file come into the tables, by several processes at once`() async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            let store = PlanStore(database.pool)
            let gold = Plan(code: "gold", name: "Gold", months: 12, limits: [.searches: 5], tokens: 7)
            let changes = try await withThrowingTaskGroup { group in
                for _ in 0..<6 { group.addTask { try await store.apply([freemium, gold]) } }
                var changes: [PlanStore.Changes] = []
                for try await change in group { changes.append(change) }
                return changes
            }
            #expect(changes.count { !$0.written.isEmpty } == 1)
            #expect(changes.contains { $0.written == ["freemium", "gold"] && $0.removed == ["enterprise", "pro"] })
            let kept = changes.flatMap(\.kept)
            #expect(kept.isEmpty)
            let reader = QuotaReader(database.pool, cache: nil)
            #expect(try await reader.statuses(of: "c").map(\.limit) == [10, 20])
            let unlimited = "SELECT count(*) FROM plan_limits WHERE plan = 'gold' AND usage_limit IS NULL"
            #expect(try await database.count(unlimited) == 1)
            let payment = QuotaWorkerTests.payment("1", "c", "gold")
            #expect(await QuotaFixture(database).payments().handle([payment]).areDone)
            #expect(try await reader.statuses(of: "c").map(\.limit) == [nil, 5])
            #expect(try await database.count("SELECT balance FROM token_accounts") == 7)
        }
    }

    @Test func `a plan that somebody has is kept and warned about`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            #expect(await fixture.payments().handle([QuotaWorkerTests.payment("1", "c", "pro")]).areDone)
            let changes = try await PlanStore(database.pool).apply([freemium])
            #expect(changes.removed == ["enterprise"])
            #expect(changes.kept == [.init(code: "pro", subscriptions: 1)])
            #expect(changes.kept.first?.warning.contains("'pro'") == true)
            // Whoever has it can go on with it.
            #expect(await fixture.payments().handle([QuotaWorkerTests.payment("2", "c", "pro")]).areDone)
            #expect(try await fixture.published() == ["subscription.activated", "subscription.renewed"])
        }
    }

    @Test func `a changed limit is for periods that begin after it`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await fixture.views().handle([QuotaWorkerTests.view("1", at: "2026-01-10T00:00:00Z")])
            _ = try await PlanStore(database.pool).apply([freemium])
            await fixture.views().handle(
                (0..<20).map { QuotaWorkerTests.view("a-\($0)", at: "2026-01-11T00:00:00Z") }
                    + (0..<20).map { QuotaWorkerTests.view("b-\($0)", at: "2026-02-11T00:00:00Z") }
            )
            let quotas = ["acme freemium profile_views 10+10", "acme freemium profile_views 21+0"]
            #expect(try await fixture.quotas() == quotas)
        }
    }
}
