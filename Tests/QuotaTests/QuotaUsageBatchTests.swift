import FlotillaModels
@testable import FlotillaQuota
import FlotillaStorage
import Testing

struct QuotaUsageBatchTests {
    func time(_ text: String) throws -> Int64 { try #require(EventTime.parse(text)) }

    @Test func `a company's uses in one month are one row, and months are kept apart`() throws {
        var usage = QuotaUsageBatch(subscribed: [:], defaultLimit: 100)
        for (index, moment) in ["2026-01-31T23:59:59.999999Z", "2026-02-01T00:00:00Z", "2026-01-01", "2026-01-15"]
            .enumerated()
        {
            usage.count(ExactText("acme"), at: try time(moment), item: index)
        }
        usage.count(ExactText("a"), at: try time("2026-01-10"), item: 4)
        let uses = usage.ordered
        #expect(uses.map(\.companyID.text) == ["a", "acme", "acme"])
        #expect(uses.map(\.amount) == [1, 3, 1])
        #expect(uses.map(\.firstItem) == [4, 0, 1])
        #expect(
            uses[1].period
                == QuotaPeriod(plan: "freemium", limit: 100, start: try time("2026-01-01"), end: try time("2026-02-01"))
        )
    }

    @Test func `a use belongs to the paid period that it happened in, and outside of all to the month`() throws {
        let old = QuotaPeriod(plan: "pro", limit: 1_000, start: try time("2026-01-10"), end: try time("2026-01-20"))
        let new = QuotaPeriod(
            plan: "enterprise",
            limit: nil,
            start: try time("2026-01-20"),
            end: try time("2026-02-20")
        )
        var usage = QuotaUsageBatch(subscribed: [ExactText("c"): [new, old]], defaultLimit: 100)
        for (index, moment) in ["2026-01-10", "2026-01-19T23:59:59Z", "2026-01-20", "2026-02-20", "2026-01-09"]
            .enumerated()
        {
            usage.count(ExactText("c"), at: try time(moment), item: index)
        }
        #expect(
            usage.ordered.map { "\($0.period.plan) \($0.amount)" } == [
                "freemium 1", "pro 2", "enterprise 1", "freemium 1",
            ]
        )
    }

    @Test func `companies whose names only look alike are counted apart`() throws {
        var usage = QuotaUsageBatch(subscribed: [:], defaultLimit: 100)
        usage.count(ExactText("\u{e9}"), at: 0, item: 0)
        usage.count(ExactText("e\u{301}"), at: 0, item: 1)
        #expect(usage.ordered.count == 2)
    }
}

struct QuotaStateTests {
    @Test(
        arguments: [
            (79, 1, []), (80, 1, ["quota.warning"]), (81, 1, []), (85, 10, ["quota.warning"]), (100, 1, []),
            (101, 1, ["quota.exceeded"]), (102, 1, []), (500, 500, ["quota.warning", "quota.exceeded"]), (500, 100, []),
            (150, 50, ["quota.exceeded"]),
        ] as [(Int64, Int64, [String])]
    )
    func `each line is told when it is crossed, and only then`(total: Int64, amount: Int64, events: [String]) {
        let state = QuotaState(limit: 100, used: min(total, 100), overage: max(0, total - 100))
        #expect(state.events(afterUsing: amount) == events)
    }

    @Test(arguments: [1, 2, 3, 4, 5, 7, 99, 101, 1_000] as [Int64])
    func `the warning is due at the first use that reaches 80 %`(limit: Int64) {
        let threshold = QuotaPeriod.warningThreshold(of: limit)
        #expect(threshold * 5 >= limit * 4)
        #expect((threshold - 1) * 5 < limit * 4)
    }

    @Test func `nothing is told of an unlimited quota, and a limit of none is exceeded at once`() {
        #expect(QuotaState(limit: nil, used: 1_000_000, overage: 0).events(afterUsing: 1_000_000).isEmpty)
        #expect(QuotaState(limit: 0, used: 0, overage: 1).events(afterUsing: 1) == ["quota.exceeded"])
    }

    @Test func `what was within the limit is told from what was over it`() {
        #expect(QuotaState(limit: 100, used: 100, overage: 0).counted(of: 30) == 30)
        #expect(QuotaState(limit: 100, used: 100, overage: 10).counted(of: 30) == 20)
        #expect(QuotaState(limit: 100, used: 100, overage: 70).counted(of: 30) == 0)
    }
}
