import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

@testable import Workers

/// A queue whose worker lacks something in the database waits, with no attempt spent, and others go on.
@Suite(.enabled(if: TestServers.areAvailable))
struct QueueHoldTests {
    @Test func `a table that is away holds its queue alone, and everything is done within ten seconds of its return`()
        async throws
    {
        try await QueueHoldFixture.with { fixture in
            let (held, other) = (fixture.topology.queues[0], fixture.topology.queues[1])
            try await fixture.database.execute("ALTER TABLE table_a RENAME TO table_away")
            try await fixture.withFleet { fleet in
                var published = 30
                try await fixture.publish(published, "a")
                try await fixture.publish(100, "b")
                try await eventually("the other queue is done") { try await fixture.rows("table_b") == 100 }
                try await eventually("the queue is held") { fleet.heldQueues.map(\.queue) == [held.name] }
                #expect(fleet.heldQueues.first?.sqlState == "42P01")
                #expect(fleet.heldQueues.first?.problem.contains("table_a") == true)
                // A consumer that was cancelled is counted as long as it holds messages.
                try await eventually("what comes stays with the broker", every: .milliseconds(100)) {
                    try await fixture.publish(1, "a")
                    published += 1
                    return try await fixture.broker.admin.queueDepth(held.name)?.ready ?? 0 > 2
                }
                #expect(try await fixture.consumers(of: other) == 1)
                let redis = RedisClient(try RedisConfiguration(url: try TestServers.url("REDIS_URL")), name: "test")
                try await eventually("other processes see it") {
                    try await HeldQueues(redis).all().contains { $0.held.queue == held.name }
                }
                try await fixture.database.execute("ALTER TABLE table_away RENAME TO table_a")
                // Ten on a machine that does nothing else.
                try await eventually("all is done", within: .seconds(30)) {
                    try await fixture.rows("table_a") == published
                }
                try await eventually("it is subscribed to again") { try await fixture.consumers(of: held) == 1 }
                #expect(fleet.heldQueues.isEmpty)
                try await eventually("other processes see that") {
                    try await !HeldQueues(redis).all().contains { $0.held.queue == held.name }
                }
                await redis.close()
                let metrics = fleet.metrics.render()
                for name in ["flotilla_jobs_retried_total", "flotilla_jobs_dead_lettered_total"] {
                    #expect(metrics.contains("\(name){queue=\"\(held.name)\",worker=\"w\"} 0"), "\(name)")
                }
                #expect(metrics.contains("flotilla_queue_held{queue=\"\(held.name)\",worker=\"w\"} 0.0"))
            }
            #expect(try await fixture.broker.admin.queueDepth(held.deadLetterQueue)?.ready == 0)
        }
    }

    @Test func `a right that was revoked holds the queue until it is granted again`() async throws {
        let role = TestServers.uniqueWord()
        try await QueueHoldFixture.with(role: role) { fixture in
            let (database, schema) = (fixture.database, fixture.database.schema)
            try await database.execute("CREATE ROLE \(role)")
            try await database.execute("GRANT USAGE ON SCHEMA \(schema) TO \(role)")
            try await database.execute("GRANT ALL ON ALL TABLES IN SCHEMA \(schema) TO \(role)")
            try await database.execute("REVOKE INSERT ON table_a FROM \(role)")
            let result: Result<Void, any Error>
            do {
                try await fixture.withFleet { fleet in
                    try await fixture.publish(50, "a")
                    try await eventually("the queue is held") { fleet.heldQueues.first?.sqlState == "42501" }
                    try await database.execute("GRANT INSERT ON table_a TO \(role)")
                    try await eventually("all is done", within: .seconds(30)) {
                        try await fixture.rows("table_a") == 50
                    }
                    let name = fixture.topology.queues[0].name
                    #expect(
                        fleet.metrics.render().contains(
                            "flotilla_jobs_retried_total{queue=\"\(name)\",worker=\"w\"} 0"
                        )
                    )
                }
                result = .success(())
            } catch { result = .failure(error) }
            try await database.execute("DROP OWNED BY \(role)")
            try await database.execute("DROP ROLE \(role)")
            try result.get()
        }
    }

    @Test func `while a breaker is open nothing is subscribed to, and when it closes everything is done`() async throws
    {
        try await QueueHoldFixture.with { fixture in
            let queue = fixture.topology.queues[0]
            try await fixture.withFleet { fleet in
                try await eventually("it runs") { fleet.isRunning }
                try await eventually("it is subscribed to") { try await fixture.consumers(of: queue) == 1 }
                fleet.setup.breakers.recordOutage(of: .postgres, reason: "test", holding: .seconds(30))
                try await eventually("nothing is subscribed to") { try await fixture.consumers(of: queue) == 0 }
                try await fixture.publish(50, "a")
                #expect(try await fixture.broker.admin.queueDepth(queue.name)?.ready == 50)
                try await eventually("all is done", within: .seconds(90)) { try await fixture.rows("table_a") == 50 }
            }
        }
    }

    @Test func `what ran when a process died is noted for good`() async throws {
        try await QueueHoldFixture.with { fixture in
            let folder = fixture.configuration.stateFolder
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let identity = MessageIdentity(high: 17, low: .random(in: 0...UInt64.max))
            do {
                // A process that dies leaves it so.
                let journal = try RunningJournal(path: folder + "/running-0.journal", capacity: 1)
                journal.begin(identity, at: 0)
            }
            try await fixture.withFleet { _ in
                try await eventually("the note") {
                    try await fixture.database.count(
                        "SELECT count(*) FROM crash_notes WHERE identity = '\(identity)'"
                    ) == 1
                }
            }
        }
    }
}
