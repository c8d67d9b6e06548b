import FlotillaPlatform
@testable import FlotillaQuota
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable && TestRedis.isAvailable))
struct QuotaReaderTests {
    /// A board, and a company that no other test has.
    func withCache(
        size: Int = 4,
        _ body: (TestDatabase, QuotaCache, RedisClient, _ company: String) async throws -> Void
    ) async throws {
        try await TestRedis.with { redis, prefix in
            let cache = QuotaCache(redis, metrics: Metrics())
            try await TestDatabase.with(size: size, migrated: true) { database in
                try await body(database, cache, redis, prefix)
            }
        }
    }

    func snapshot(_ company: String, used: Int64, version: Int64) -> QuotaSnapshot {
        QuotaSnapshot(
            companyID: company,
            kind: QuotaKind.searches.rawValue,
            plan: "pro plan",
            start: 0,
            end: 4_000_000_000_000_000,
            limit: 100,
            used: used,
            overage: 0,
            version: version
        )
    }

    @Test func `an older state never takes the place of a newer one, whatever the order of writing`() async throws {
        try await TestRedis.with { redis, company in
            let snapshots = QuotaSnapshots(redis)
            try await withThrowingTaskGroup { group in
                for version in (1...200 as ClosedRange<Int64>).shuffled() {
                    group.addTask {
                        let state = snapshot(company, used: version * 3, version: version)
                        let refused = try await snapshots.put([(state, .zero)])
                        #expect(refused == 0)
                    }
                }
                try await group.waitForAll()
            }
            let read = try await snapshots.read(company, kinds: ["searches"])
            #expect(read == [snapshot(company, used: 600, version: 200)])
        }
    }

    @Test func `a state that is old already is not used, and does not become newer by being written`() async throws {
        try await TestRedis.with { redis, company in
            let snapshots = QuotaSnapshots(redis)
            let state = snapshot(company, used: 1, version: 1)
            _ = try await snapshots.put([(state, .seconds(11))])
            #expect(try await snapshots.read(company, kinds: ["searches"]).isEmpty)
            _ = try await snapshots.put([(state, .seconds(1))])
            #expect(try await snapshots.read(company, kinds: ["searches"]) == [state])
            let key = "flotilla:quota:searches:\(company)"
            #expect(try await redis.command(["PTTL", .text(key)]).int ?? 0 > 0)
        }
    }

    @Test func `the cache has what was committed, and Postgres answers for what it does not have`() async throws {
        try await withCache { database, cache, redis, company in
            let fixture = QuotaFixture(database)
            let reader = QuotaReader(database.pool, cache: cache)
            #expect(try await reader.statuses(of: company).map(\.source) == [.postgres, .postgres])
            await cache.waitForWrites()
            #expect(try await reader.statuses(of: company).map(\.source) == [.redis, .redis])
            let views = (0..<130).map { QuotaWorkerTests.view("\(company)-\($0)", company) }
            await fixture.views(cache: cache).handle(views)
            await cache.waitForWrites()
            let shown = try await reader.statuses(of: company)
            #expect(shown[0].source == .redis)
            #expect(shown[0].used == 100 && shown[0].overage == 30 && shown[0].remaining == 0)
            #expect(shown[1].used == 0 && shown[1].remaining == 500)
            // Gone from Redis, it is as it was.
            let keys = QuotaKind.allCases.map { RedisArgument.text("flotilla:quota:\($0.rawValue):\(company)") }
            _ = try await redis.command(["DEL"] + keys)
            var read = try await reader.statuses(of: company)
            #expect(read.map(\.source) == [.postgres, .postgres])
            for index in read.indices { read[index].source = .redis }
            #expect(read == shown)
        }
    }

    @Test func `a payment and an immediate cancellation show at once`() async throws {
        try await withCache { database, cache, _, company in
            let fixture = QuotaFixture(database)
            let reader = QuotaReader(database.pool, cache: cache)
            func plan() async throws -> String {
                await cache.waitForWrites()
                let status = try await reader.check(company: company, kind: .searches).status
                #expect(status.source == .redis)
                return status.plan
            }
            await fixture.views(cache: cache).handle([QuotaWorkerTests.view("\(company)-1", company)])
            _ = try await reader.statuses(of: company)
            #expect(try await plan() == "freemium")
            let payment = QuotaWorkerTests.payment("1", company, "pro")
            #expect(await fixture.payments(reader: reader).handle([payment]).areDone)
            #expect(try await plan() == "pro")
            // A view of the time before the payment is counted there, and does not show.
            let before = WallClock.iso8601(WallClock.microseconds() - 60_000_000)
            await fixture.views(cache: cache).handle([QuotaWorkerTests.view("\(company)-2", company, at: before)])
            #expect(try await plan() == "pro")
            let cancel = HandlerHarness.Input(
                "\(company)-c",
                "subscription.cancelled",
                #"{"companyId":"\#(company)","immediate":true}"#
            )
            #expect(await fixture.notices(.cancelled, reader: reader).handle([cancel]).areDone)
            #expect(try await plan() == "freemium")
        }
    }

    @Test func `under concurrent use the cache comes to what Postgres has`() async throws {
        try await withCache(size: 10) { database, cache, _, company in
            let fixture = QuotaFixture(database)
            let harness = fixture.views(cache: cache)
            await withTaskGroup { group in
                for batch in 0..<100 {
                    group.addTask {
                        let inputs = (0..<20).map { QuotaWorkerTests.view("\(company)-\(batch)-\($0)", company) }
                        #expect(await harness.handle(inputs).areDone)
                    }
                }
            }
            await cache.waitForWrites()
            let shown = await cache.read(company)
            #expect(shown.map(\.used) == [100] && shown.map(\.overage) == [1_900] && shown.map(\.version) == [100])
            let unbalanced = try await fixture.unbalanced()
            #expect(unbalanced == 0)
        }
    }

    @Test func `without Redis everything is read from Postgres`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let nowhere = RedisClient(try RedisConfiguration(url: "unix:///nowhere/redis.sock"), name: "test")
            let cache = QuotaCache(nowhere, metrics: Metrics())
            let fixture = QuotaFixture(database)
            await fixture.views(cache: cache).handle((0..<3).map { QuotaWorkerTests.view("v-\($0)") })
            await cache.waitForWrites()
            let check = try await QuotaReader(database.pool, cache: cache).check(
                company: "acme",
                kind: .profileViews,
                amount: 97
            )
            #expect(check.isAllowed && check.remaining == 97 && check.status.source == .postgres)
            await nowhere.close()
        }
    }
}
