import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@testable import FlotillaJobs

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobExplanationTests {
    private static func reasons(
        of id: String,
        _ fixture: JobFixture,
        depth: QueueDepth? = QueueDepth(ready: 3, consumers: 1)
    ) async throws -> [JobExplanation.Reason] {
        let job = try #require(try await fixture.jobs.get(id))
        let explanation = JobExplanation(
            .init(pool: fixture.database.pool, redis: nil, topology: fixture.topology) { _ in depth }
        )
        return try await explanation.reasons(for: job)
    }

    private static func codes(of id: String, _ fixture: JobFixture) async throws -> [String] {
        try await reasons(of: id, fixture).map(\.code)
    }

    @Test func `a key at its limit is named, with who holds it`() async throws {
        try await JobFixture.with(slots: 20, limits: JobLimits(concurrency: 2)) { fixture in
            var ids: [String] = []
            for _ in 0..<3 { ids.append(try await fixture.enqueue { $0.key = "acme" }) }
            _ = try await fixture.dispatcher.dispatch()
            let waiting = try #require(try await fixture.jobs.list(JobFilter(state: .waiting)).first?.id)
            let reasons = try await Self.reasons(of: waiting, fixture)
            #expect(reasons.map(\.code) == ["concurrency_limit"])
            #expect(Set(reasons[0].ids) == Set(ids).subtracting([waiting]))
            #expect(reasons[0].text.contains("acme") && reasons[0].text.contains("2/2"))
            #expect(reasons[0].ids.allSatisfy(reasons[0].text.contains))
        }
    }

    @Test func `a rate that is used up says when the next start is free`() async throws {
        try await JobFixture.with(slots: 20, limits: JobLimits(rate: .init(count: 1, window: .seconds(60)))) {
            fixture in
            let first = try await fixture.enqueue { $0.key = "acme" }
            _ = try await fixture.dispatcher.dispatch()
            try await fixture.succeed(first)
            let second = try await fixture.enqueue { $0.key = "acme" }
            _ = try await fixture.dispatcher.dispatch()
            let reasons = try await Self.reasons(of: second, fixture)
            #expect(reasons.map(\.code) == ["rate_limit"])
            #expect(reasons[0].text.contains("1/1 starts in 1m"))
        }
    }

    @Test func `a job that waits for its turn says how many of its key are before it`() async throws {
        try await JobFixture.with(slots: 1) { fixture in
            for _ in 0..<6 { _ = try await fixture.enqueue { $0.key = "acme" } }
            _ = try await fixture.dispatcher.dispatch()
            let last = try #require(try await fixture.jobs.list(JobFilter(state: .waiting)).first?.id)
            let reasons = try await Self.reasons(of: last, fixture)
            #expect(reasons.map(\.code) == ["turn"])
            #expect(reasons[0].text.contains("3 jobs of the key are before it"))
        }
    }

    @Test func `predecessors that have not ended are named, and others are not`() async throws {
        try await JobFixture.with { fixture in
            let (done, open) = (try await fixture.enqueue(), try await fixture.enqueue())
            let batch = try await fixture.batches.create(name: "May", createdBy: "key:1", correlationID: nil).id
            let id = try await fixture.enqueue { $0.after = [done, open, batch] }
            try await fixture.succeed(done)
            try await fixture.settle()
            let reason = try #require(try await Self.reasons(of: id, fixture).first)
            #expect(reason.code == "predecessors")
            #expect(Set(reason.ids) == [open, batch])
            #expect(reason.text.contains("“May”") && !reason.text.contains(done))
        }
    }

    @Test func `every state has its reason`() async throws {
        try await JobFixture.with { fixture in
            let scheduled = try await fixture.enqueue { $0.scheduledAt = 4_000_000_000_000_000 }
            #expect(try await Self.codes(of: scheduled, fixture) == ["scheduled"])
            let id = try await fixture.enqueue()
            #expect(try await Self.codes(of: id, fixture) == ["unpublished", "in_queue"])
            #expect(
                try await Self.reasons(of: id, fixture, depth: QueueDepth(ready: 9, consumers: 0)).map(\.code)
                    == ["unpublished", "no_consumer", "in_queue"]
            )
            #expect(
                try await Self.reasons(of: id, fixture, depth: nil).map(\.code) == ["unpublished", "queue_unknown"]
            )
            try await fixture.start(id)
            #expect(try await Self.codes(of: id, fixture) == ["running"])
            #expect(try await fixture.jobs.cancel(id, because: "no more") == .cancelling)
            #expect(try await Self.codes(of: id, fixture) == ["cancelling"])
            try await fixture.succeed(id)
            let reason = try #require(try await Self.reasons(of: id, fixture).first)
            #expect(reason.code == "cancelled" && reason.text.contains("no more"))
            let dead = try await fixture.enqueue()
            try await fixture.die(dead)
            #expect(try await Self.reasons(of: dead, fixture).first?.text.contains("it is broken") == true)
        }
    }
}
