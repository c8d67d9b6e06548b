import FlotillaModels
import FlotillaPlatform
@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct QuotaWorkerTests {
    static func harness(_ pool: PostgresPool) -> HandlerHarness {
        HandlerHarness(QuotaWorker(), queue: "subscription.profile.viewed", pool)
    }

    static func payments(_ pool: PostgresPool) -> HandlerHarness {
        HandlerHarness(PaymentWorker(), queue: "subscription.payment.succeeded", pool)
    }

    static func view(_ id: String, _ company: String = "acme", at time: String? = nil) -> HandlerHarness.Input {
        let time = time.map { #","occurredAt":"\#($0)""# } ?? ""
        return HandlerHarness.Input(id: id, event: "profile.viewed", body: #"{"companyId":"\#(company)"\#(time)}"#)
    }

    static func payment(_ id: String, _ company: String, _ plan: String, at time: String? = nil) -> HandlerHarness.Input
    {
        let time = time ?? WallClock.iso8601()
        let body = #"{"paymentId":"pay-\#(id)","companyId":"\#(company)","plan":"\#(plan)","paidAt":"\#(time)"}"#
        return HandlerHarness.Input(id: id, event: "payment.succeeded", body: body)
    }

    func quotas(_ database: TestDatabase) async throws -> [String] {
        try await database.pool.query(
            SQLStatement(
                """
                SELECT company_id || ' ' || plan || ' ' || used || '+' || overage FROM quotas
                WHERE kind = 'profile_views' ORDER BY 1
                """
            )
        ).compactMap { $0.text(0) }
    }

    /// The names of the events that await publishing.
    func published(_ database: TestDatabase) async throws -> [String] {
        try await database.pool.query(SQLStatement("SELECT routing_key FROM outbox ORDER BY 1")).compactMap {
            $0.text(0)
        }
    }

    @Test func `a batch of one company is one row, and its repeat changes nothing`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = Self.harness(database.pool)
            let inputs = (0..<30).map { Self.view("m-\($0)") }
            for _ in 0..<2 { #expect(await harness.handle(inputs).areDone) }
            #expect(try await quotas(database) == ["acme freemium 30+0"])
            #expect(try await database.count("SELECT count(*) FROM quota_usage") == 1)
            #expect(try await published(database) == [])
        }
    }

    @Test func `one message in fifty concurrent batches is one use`() async throws {
        try await TestDatabase.with(size: 20, migrated: true) { database async throws in
            let harness = Self.harness(database.pool)
            await withTaskGroup { group in
                for _ in 0..<50 { group.addTask { #expect(await harness.handle([Self.view("m")]).areDone) } }
            }
            #expect(try await quotas(database) == ["acme freemium 1+0"])
        }
    }

    @Test func `under two processes the quota equals the distinct messages, and each event is published once`()
        async throws
    {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            let other = try database.otherPool(size: 6)
            let harnesses = [Self.harness(database.pool), Self.harness(other)]
            let companies = ["acme", "zoo", "mid", "é", "e\u{301}"]
            await withTaskGroup { group in
                for batch in 0..<60 {
                    group.addTask {
                        // Every message is in two batches, and the companies of a batch are in a random order.
                        let inputs = (0..<50).map { number in
                            let id = batch / 2 * 50 + number
                            return Self.view("m-\(id)", companies[id % companies.count])
                        }
                        let outcomes = await harnesses[batch % 2].handle(inputs.shuffled())
                        #expect(outcomes.areDone)
                    }
                }
            }
            await other.close()
            let expected = companies.map { "\($0) freemium 100+200" }
            #expect(Set(try await quotas(database).map(ExactText.init)) == Set(expected.map(ExactText.init)))
            let events = Array(repeating: "quota.exceeded", count: 5) + Array(repeating: "quota.warning", count: 5)
            #expect(try await published(database) == events)
            #expect(
                try await database.count(
                    """
                    SELECT count(*) FROM quotas JOIN (
                        SELECT company_id, sum(used) AS used, sum(overage) AS overage FROM quota_usage GROUP BY 1
                    ) AS history USING (company_id, used, overage) WHERE warned_at IS NOT NULL AND exceeded_at IS NOT NULL
                    """
                ) == 5
            )
        }
    }

    @Test func `a month turns over by the time of the event, and each month tells for itself`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = Self.harness(database.pool)
            let january = (0..<101).map { Self.view("j-\($0)", at: "2026-01-31T23:59:59.999Z") }
            let february = (0..<101).map { Self.view("f-\($0)", at: "2026-02-01T00:00:00Z") }
            #expect(await harness.handle((january + february).shuffled()).areDone)
            #expect(try await quotas(database) == ["acme freemium 100+1", "acme freemium 100+1"])
            #expect(
                try await published(database) == ["quota.exceeded", "quota.exceeded", "quota.warning", "quota.warning"]
            )
        }
    }

    @Test func `a payment activates, views count against it, and a renewal begins afresh`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let payments = Self.payments(database.pool)
            let views = Self.harness(database.pool)
            #expect(
                await payments.handle([Self.payment("1", "acme", "pro", at: "2026-01-10T00:00:00Z")]).allSatisfy(
                    \.isDone
                )
            )
            await views.handle((0..<1_001).map { Self.view("a-\($0)", at: "2026-01-11T00:00:00Z") })
            #expect(try await quotas(database) == ["acme pro 1000+1"])
            for _ in 0..<2 {
                let renewal = Self.payment("2", "acme", "pro", at: "2026-02-05T00:00:00Z")
                #expect(await payments.handle([renewal]).areDone)
            }
            await views.handle([
                Self.view("late", at: "2026-02-04T23:00:00Z"), Self.view("new", at: "2026-02-05T01:00:00Z"),
            ])
            #expect(try await quotas(database) == ["acme pro 1+0", "acme pro 1000+2"])
            #expect(
                try await published(database) == [
                    "quota.exceeded", "quota.warning", "subscription.activated", "subscription.renewed",
                ]
            )
            let ends = try await database.pool.query(
                SQLStatement("SELECT period_end::text FROM subscription_periods ORDER BY period_start")
            ).compactMap { $0.text(0) }
            #expect(ends.map { $0.prefix(10) } == ["2026-02-05", "2026-03-10"])
        }
    }

    @Test func `one payment in many messages and batches counts once`() async throws {
        try await TestDatabase.with(size: 10, migrated: true) { database async throws in
            let harness = Self.payments(database.pool)
            await withTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        var input = Self.payment("1", "acme", "pro")
                        input.id = "m-\(number)"
                        #expect(await harness.handle([input]).areDone)
                    }
                }
            }
            #expect(try await published(database) == ["subscription.activated"])
            #expect(try await database.count("SELECT count(*) FROM subscription_periods") == 1)
        }
    }

    @Test func `payments of many companies in concurrent batches each activate and renew`() async throws {
        try await TestDatabase.with(size: 10, migrated: true) { database async throws in
            let harness = Self.payments(database.pool)
            await withTaskGroup { group in
                for batch in 0..<10 {
                    group.addTask {
                        let inputs = (0..<20).map { Self.payment("\(batch)-\($0)", "c\($0)", "pro") }
                        #expect(await harness.handle(inputs.shuffled()).areDone)
                    }
                }
            }
            #expect(try await database.count("SELECT count(*) FROM subscriptions") == 20)
            #expect(try await database.count("SELECT count(*) FROM subscription_periods") == 200)
            #expect(try await published(database).count { $0 == "subscription.renewed" } == 180)
        }
    }

    @Test func `an unlimited plan is counted and never exceeded`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let payment = Self.payment("1", "acme", "enterprise", at: "2026-01-10T00:00:00Z")
            #expect(await Self.payments(database.pool).handle([payment]).areDone)
            await Self.harness(database.pool).handle(
                (0..<2_000).map { Self.view("a-\($0)", at: "2026-01-11T00:00:00Z") }
            )
            #expect(try await quotas(database) == ["acme enterprise 2000+0"])
            #expect(try await published(database) == ["subscription.activated"])
        }
    }

    @Test func `a bad payload fails alone and names its field`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            var inputs = (0..<8).map { Self.payment("\($0)", "c\($0)", "pro") }
            inputs[2] = Self.payment("2", "c2", "gold")
            inputs[5].body = #"{"companyId":"c5"}"#
            let outcomes = await Self.payments(database.pool).handle(inputs)
            #expect(outcomes.indices.filter { !outcomes[$0].isDone } == [2, 5])
            let unknown = #expect(throws: InvalidPayload.self) { try outcomes[2].get() }
            #expect(unknown?.field == "plan")
            #expect(try await database.count("SELECT count(*) FROM subscriptions") == 6)
            #expect(try await database.count("SELECT count(*) FROM inbox WHERE message_id = '2'") == 0)
        }
    }
}
