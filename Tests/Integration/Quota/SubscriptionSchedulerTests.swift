@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct SubscriptionSchedulerTests {
    /// Makes subscriptions that were paid on 10 January.
    func pay(_ count: Int, in fixture: QuotaFixture) async {
        let inputs = (0..<count).map {
            QuotaWorkerTests.payment("\($0)", "c\($0)", "pro", at: "2026-01-10T00:00:00Z")
        }
        #expect(await fixture.payments().handle(inputs).areDone)
    }

    @Test func `two clocks at once end each subscription once`() async throws {
        try await TestDatabase.with(size: 4, migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await pay(200, in: fixture)
            let other = try database.otherPool(size: 4)
            let schedulers = [fixture, QuotaFixture(database, other)].map { $0.scheduler("2026-02-10T00:00:00Z") }
            let ended = try await withThrowingTaskGroup { group in
                for number in 0..<20 { group.addTask { try await schedulers[number % 2].pass().ended } }
                return try await group.reduce(0, +)
            }
            #expect(ended == 200)
            await other.close()
            #expect(try await database.count("SELECT count(*) FROM subscriptions WHERE status = 'expired'") == 200)
            let events = try await fixture.published()
            #expect(events.count { $0 == "subscription.expired" } == 200)
        }
    }

    @Test func `a subscription ends at its end, not before`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await pay(1, in: fixture)
            #expect(try await fixture.scheduler("2026-02-09T23:59:59.999999Z", leads: []).pass().ended == 0)
            #expect(try await fixture.scheduler("2026-02-10T00:00:00Z", leads: []).pass().ended == 1)
            #expect(try await fixture.scheduler("2026-02-10T00:00:00Z", leads: []).pass().ended == 0)
        }
    }

    @Test func `a warning comes once for each lead, and only the nearest of those that are due`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await pay(1, in: fixture)
            var warned: [Int] = []
            for day in ["01-20", "02-03", "02-03", "02-05", "02-09", "02-09"] {
                warned.append(try await fixture.scheduler("2026-\(day)T00:00:01Z").pass().warned)
            }
            #expect(warned == [0, 1, 0, 0, 1, 0])
            // Paid again: the next end has warnings of its own.
            let renewal = QuotaWorkerTests.payment("r", "c0", "pro", at: "2026-02-09T12:00:00Z")
            #expect(await fixture.payments().handle([renewal]).areDone)
            #expect(try await fixture.scheduler("2026-02-10T12:00:00Z").pass() == .init(ended: 0, warned: 0))
            #expect(try await fixture.scheduler("2026-03-09T12:00:00Z").pass().warned == 1)
            #expect(try await fixture.scheduler("2026-03-09T13:00:00Z").pass().warned == 0)
            let bodies = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT convert_from(body, 'UTF8')::jsonb ->> 'daysLeft' FROM outbox
                    WHERE routing_key = 'subscription.expiring' ORDER BY id
                    """
                )
            ).compactMap { $0.text(0) }
            #expect(bodies == ["7", "1", "1"])
        }
    }

    @Test func `what was cancelled ends without a warning, as cancelled`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await pay(1, in: fixture)
            let cancel = HandlerHarness.Input(
                "c",
                "subscription.cancelled",
                #"{"companyId":"c0","timestamp":"2026-01-12T00:00:00Z"}"#
            )
            #expect(await fixture.notices(.cancelled).handle([cancel]).areDone)
            #expect(try await fixture.scheduler("2026-02-09T12:00:00Z").pass() == .init(ended: 0, warned: 0))
            #expect(try await fixture.scheduler("2026-02-10T12:00:00Z").pass().ended == 1)
            #expect(try await database.count("SELECT count(*) FROM subscriptions WHERE status = 'cancelled'") == 1)
            #expect(try await fixture.published() == ["subscription.activated", "subscription.expired"])
        }
    }

    @Test func `the clock runs by itself until it is cancelled, and outlives a failure`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let fixture = QuotaFixture(database)
            await pay(3, in: fixture)
            _ = try await database.pool.query(SQLStatement("ALTER TABLE subscriptions RENAME TO away"))
            let scheduler = SubscriptionScheduler(
                database.pool,
                exchange: "fleet.topic",
                interval: .milliseconds(5),
                log: Log(service: "test", threshold: .error)
            )
            let running = Task { await scheduler.run() }
            _ = try await database.pool.query(SQLStatement("ALTER TABLE away RENAME TO subscriptions"))
            try await eventually("all have ended") {
                try await database.count("SELECT count(*) FROM subscriptions WHERE status = 'expired'") == 3
            }
            running.cancel()
            await running.value
        }
    }
}
