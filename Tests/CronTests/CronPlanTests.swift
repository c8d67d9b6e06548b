@testable import FlotillaCron
import FlotillaLocalization
import Testing

struct CronPlanTests {
    private static let hour: Int64 = 3_600_000_000

    private func plan(_ text: String, from first: String, at now: String, catchUp: Duration) throws -> CronPlan {
        let schedule = try CronSchedule(text)
        return CronPlan(
            schedule,
            .utc,
            from: try Instants.moment(first),
            at: try Instants.moment(now),
            catchUp: catchUp
        )
    }

    @Test func `what is due runs, and the next time is the first after now`() throws {
        let plan = try plan("@hourly", from: "2026-01-01T10:00:00Z", at: "2026-01-01T10:00:01Z", catchUp: .seconds(60))
        #expect(plan.runs == [try Instants.moment("2026-01-01T10:00:00Z")] && plan.missed == 0)
        #expect(plan.next == (try Instants.moment("2026-01-01T11:00:00Z")))
    }

    @Test func `what is older than the window is missed, the rest is caught up in order`() throws {
        let plan = try plan(
            "@hourly",
            from: "2026-01-01T00:00:00Z",
            at: "2026-01-02T00:00:30Z",
            catchUp: .seconds(7_260)
        )
        let last = try Instants.moment("2026-01-02T00:00:00Z")
        #expect(plan.runs == [last - 2 * Self.hour, last - Self.hour, last] && plan.missed == 22)
        #expect(plan.next == last + Self.hour)
    }

    @Test func `one step does so much and no more, and the next goes on where it has ended`() throws {
        let now = "2026-01-01T02:00:00Z"
        var first = try Instants.moment("2026-01-01T00:00:00Z")
        var runs: [Int64] = []
        while first <= (try Instants.moment(now)) {
            let plan = CronPlan(
                try CronSchedule("* * * * *"),
                .utc,
                from: first,
                at: try Instants.moment(now),
                catchUp: .seconds(86_400)
            )
            #expect(plan.runs.count <= CronPlan.mostRuns)
            runs += plan.runs
            first = try #require(plan.next)
        }
        #expect(runs.count == 121 && Set(runs).count == 121)
    }

    /// What becomes of a run, by what is unfinished.
    @Test(arguments: [
        (CronOverlap.skip, [], CronOverlap.Decision.run), (.skip, ["a"], .skip), (.bufferOne, [], .run),
        (.bufferOne, ["a"], .wait(for: "a")), (.bufferOne, ["a", "b"], .skip), (.allow, ["a", "b"], .run),
        (.cancelOther, [], .run), (.cancelOther, ["a", "b"], .cancel(["a", "b"])),
    ])
    func `overlaps`(_ overlap: CronOverlap, _ unfinished: [String], _ expected: CronOverlap.Decision) {
        #expect(overlap.decision(unfinished: unfinished) == expected)
    }

    @Test func `jitter is the same for everybody, within its bound, and not the same for every run`() throws {
        var entry = CronEntry(name: "nightly", type: "a.b", schedule: try CronSchedule("@daily"))
        #expect(entry.delay(at: 7) == 0)
        entry.jitter = .seconds(30)
        let delays = (0..<1_000).map { entry.delay(at: Int64($0) * Self.hour) }
        #expect(delays == (0..<1_000).map { entry.delay(at: Int64($0) * Self.hour) })
        #expect(delays.allSatisfy { (0..<30_000_000).contains($0) } && Set(delays).count > 990)
        let mean = delays.reduce(0, +) / 1_000
        #expect((13_000_000...17_000_000).contains(mean))
    }

    @Test func `a backfill has every time from one to the other, and refuses too many`() throws {
        let entry = CronEntry(name: "hourly", type: "a.b", schedule: try CronSchedule("@hourly"))
        let (from, to) = (try Instants.moment("2026-01-01T00:00:00Z"), try Instants.moment("2026-01-01T03:00:00Z"))
        #expect(try CronRuns.nominals(of: entry, from: from, to: to, limit: 4).count == 4)
        #expect(throws: CronError.self) { try CronRuns.nominals(of: entry, from: from, to: to, limit: 3) }
    }
}
