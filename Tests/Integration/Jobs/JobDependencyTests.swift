import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct JobDependencyTests {
    @Test func `a job starts once all that it comes after have succeeded`() async throws {
        try await JobFixture.with { fixture in
            let (a, b) = (try await fixture.enqueue(), try await fixture.enqueue())
            let c = try await fixture.enqueue { $0.after = [a, b] }
            #expect(try await fixture.state(c) == .waiting)
            try await fixture.succeed(a)
            try await fixture.settle()
            #expect(try await fixture.state(c) == .waiting)
            #expect(try await !fixture.published().contains(c))
            try await fixture.succeed(b)
            try await fixture.settle()
            #expect(try await fixture.state(c) == .queued)
            #expect(try await fixture.published().contains(c))
        }
    }

    @Test func `what has ended before is no reason to wait`() async throws {
        try await JobFixture.with { fixture in
            let a = try await fixture.enqueue()
            try await fixture.succeed(a)
            let b = try await fixture.enqueue { $0.after = [a] }
            try await fixture.settle()
            #expect(try await fixture.state(b) == .queued)
        }
    }

    @Test func `a predecessor that does not succeed cancels all that come after it, with the reason`() async throws {
        try await JobFixture.with { fixture in
            let a = try await fixture.enqueue()
            let b = try await fixture.enqueue { $0.after = [a] }
            let c = try await fixture.enqueue { $0.after = [b] }
            let any = try await fixture.enqueue { job in
                job.after = [a, b]
                job.startsAfterAny = true
            }
            try await fixture.die(a)
            try await fixture.settle()
            #expect(try await fixture.states([b, c, any]) == [.cancelled, .cancelled, .queued])
            #expect(try await fixture.jobs.get(b)?.reason == "its predecessor \(a) is dead")
            #expect(try await fixture.jobs.get(c)?.reason == "its predecessor \(b) is cancelled")
            let late = try await fixture.enqueue { $0.after = [a] }
            try await fixture.settle()
            #expect(try await fixture.state(late) == .cancelled)
        }
    }

    @Test func `a job comes after a batch, however many members that has`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await fixture.batches.create(name: nil, createdBy: "key:1", correlationID: nil).id
            let members = [
                try await fixture.enqueue { $0.batch = batch }, try await fixture.enqueue { $0.batch = batch },
            ]
            let after = try await fixture.enqueue { $0.after = [batch] }
            _ = try await fixture.batches.close(batch)
            try await fixture.succeed(members[0])
            try await fixture.settle()
            #expect(try await fixture.state(after) == .waiting)
            try await fixture.succeed(members[1])
            try await fixture.settle()
            #expect(try await fixture.state(after) == .queued)
        }
    }

    @Test func `a batch that did not succeed cancels what comes after it`() async throws {
        try await JobFixture.with { fixture in
            let batch = try await fixture.batches.create(name: nil, createdBy: "key:1", correlationID: nil).id
            let member = try await fixture.enqueue { $0.batch = batch }
            let after = try await fixture.enqueue { $0.after = [batch] }
            let any = try await fixture.enqueue { job in
                job.after = [batch]
                job.startsAfterAny = true
            }
            _ = try await fixture.batches.close(batch)
            try await fixture.die(member)
            try await fixture.settle()
            #expect(try await fixture.states([after, any]) == [.cancelled, .queued])
        }
    }

    @Test func `what is no job and no batch is refused, and so is a cycle through a batch`() async throws {
        try await JobFixture.with { fixture in
            let none = "0193a3c4-52b0-7000-8000-000000000000"
            #expect(
                try await fixture.jobs.enqueue(JobFixture.new { $0.after = [none] })
                    == .refused(.unknownPredecessor(none))
            )
            let batch = try await fixture.batches.create(name: nil, createdBy: "key:1", correlationID: nil).id
            var own = JobFixture.new()
            own.batch = batch
            own.after = [batch]
            #expect(try await fixture.jobs.enqueue(own) == .refused(.cycle(batch)))
            let first = try await fixture.enqueue { $0.after = [batch] }
            let second = try await fixture.enqueue { $0.after = [first] }
            let through = JobFixture.new { job in
                job.batch = batch
                job.after = [second]
            }
            #expect(try await fixture.jobs.enqueue(through) == .refused(.cycle(batch)))
            let other = try await fixture.batches.create(name: nil, createdBy: "key:1", correlationID: nil).id
            _ = try await fixture.enqueue { job in
                job.batch = other
                job.after = [batch]
            }
            let throughBatch = JobFixture.new { job in
                job.batch = batch
                job.after = [other]
            }
            #expect(try await fixture.jobs.enqueue(throughBatch) == .refused(.cycle(batch)))
        }
    }

    @Test func `its time and its predecessors both have to come`() async throws {
        try await JobFixture.with { fixture in
            let a = try await fixture.enqueue()
            let b = try await fixture.enqueue { job in
                job.after = [a]
                job.scheduledAt = 4_000_000_000_000_000
            }
            try await fixture.succeed(a)
            try await fixture.settle()
            #expect(try await fixture.state(b) == .scheduled)
            let due = try await fixture.database.count("SELECT count(*) FROM outbox WHERE not_before > now()")
            #expect(due == 1)
        }
    }

    @Test func `a job that waits is cancelled, and its predecessors' ends change nothing then`() async throws {
        try await JobFixture.with { fixture in
            let a = try await fixture.enqueue()
            let b = try await fixture.enqueue { $0.after = [a] }
            #expect(try await fixture.jobs.cancel(b) == .cancelled)
            try await fixture.succeed(a)
            try await fixture.settle()
            #expect(try await fixture.state(b) == .cancelled)
            #expect(try await !fixture.published().contains(b))
        }
    }

    @Test func `ends at the same time as the enqueue of what comes after are never missed`() async throws {
        try await JobFixture.with { fixture in
            for _ in 0..<60 {
                let a = try await fixture.enqueue()
                async let succeeding: Void = fixture.succeed(a)
                let b = try await fixture.enqueue { $0.after = [a] }
                try await succeeding
                try await fixture.settle()
                #expect(try await fixture.state(b) == .queued)
            }
        }
    }
}
