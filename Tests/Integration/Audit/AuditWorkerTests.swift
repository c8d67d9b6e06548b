@testable import FlotillaAudit
import FlotillaModels
@testable import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AuditWorkerTests {
    static func inputs(_ range: Range<Int>, _ prefix: String = "m") -> [HandlerHarness.Input] {
        range.map { number in
            HandlerHarness.Input(
                id: "\(prefix)-\(number)",
                event: "profile.viewed",
                body: #"{"profileId":"p-\#(number)","companyId":"c","userId":"u","timestamp":"2026-01-30T03:00:00Z"}"#,
                correlationID: "corr-\(number)"
            )
        }
    }

    static func harness(_ pool: PostgresPool) throws -> HandlerHarness {
        HandlerHarness(AuditWorker(privacy: try privacy(pool)), queue: "audit.all", pool)
    }

    static let masters = MasterKeys.generate()

    static func privacy(_ pool: PostgresPool) throws -> AuditPrivacy {
        AuditPrivacy(pool, masters: try MasterKeyring { try MasterKeys(masters) })
    }

    @Test func `a message becomes one row with everything it says`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let body =
                #"{"profileId" : "p-1","recruiterId":12, "source":"search","timestamp":"2026-01-30T03:00:00Z","é":1.0}"#
            let input = HandlerHarness.Input(id: "m", event: "profile.viewed", body: body, correlationID: "corr")
            let outcomes = try await Self.harness(database.pool).handle([input])
            #expect(outcomes.map(\.isDone) == [true])
            let rows = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT event, actor, subject, service, correlation_id, message_id, exchange, routing_key, body,
                        occurred_at, sequence, recorded_at > now() - interval '1 minute' FROM audit_logs
                    """
                )
            )
            let row = try #require(rows.first)
            #expect(rows.count == 1)
            #expect(
                (0...8).map { row.text($0) } == [
                    "profile.viewed", "12", "p-1", "search", "corr", "m", "fleet.topic", "profile.viewed", body,
                ]
            )
            #expect(row.timestamp(9) == 1_769_742_000_000_000)
            #expect(row.int(10) == 1)
            #expect(row.bool(11) == true)
        }
    }

    @Test func `the same batch twice leaves one row for each message`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try Self.harness(database.pool)
            for _ in 0..<2 { #expect(await harness.handle(Self.inputs(0..<100)).areDone) }
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 100)
            #expect(try await AuditVerification(database.pool).run().isIntact)
        }
    }

    @Test func `fifty concurrent batches with the same message leave one row`() async throws {
        try await TestDatabase.with(size: 20, migrated: true) { database async throws in
            let harness = try Self.harness(database.pool)
            await withTaskGroup { group in
                for batch in 0..<50 {
                    group.addTask {
                        let outcomes = await harness.handle(Self.inputs(0..<1) + Self.inputs(0..<5, "own-\(batch)"))
                        #expect(outcomes.areDone)
                    }
                }
            }
            #expect(try await database.count("SELECT count(*) FROM audit_logs WHERE message_id = 'm-0'") == 1)
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 251)
            let report = try await AuditVerification(database.pool).run()
            #expect(report.isIntact && report.rows == 251)
        }
    }

    @Test func `concurrent writers of two processes take lanes of their own, and every chain verifies`() async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            let other = try database.otherPool(size: 6)
            let harnesses = [try Self.harness(database.pool), try Self.harness(other)]
            await withTaskGroup { group in
                for batch in 0..<60 {
                    group.addTask {
                        let outcomes = await harnesses[batch % 2].handle(Self.inputs(0..<20, "b\(batch)"))
                        #expect(outcomes.areDone)
                    }
                }
            }
            await other.close()
            let report = try await AuditVerification(database.pool).run()
            #expect(report.isIntact && report.rows == 1_200 && report.lanes == 8)
            #expect(try await database.count("SELECT count(DISTINCT lane) FROM audit_logs") > 1)
            #expect(try await database.count("SELECT count(DISTINCT message_id) FROM audit_logs") == 1_200)
        }
    }

    @Test func `more batches than lanes wait for a lane`() async throws {
        try await TestDatabase.with(size: 4, migrated: true) { database async throws in
            _ = try await database.pool.query(SQLStatement("DELETE FROM audit_lanes WHERE lane > 1"))
            let harness = try Self.harness(database.pool)
            await withTaskGroup { group in
                for batch in 0..<12 {
                    group.addTask {
                        #expect(await harness.handle(Self.inputs(0..<3, "b\(batch)")).areDone)
                    }
                }
            }
            let report = try await AuditVerification(database.pool).run()
            #expect(report.isIntact && report.rows == 36)
        }
    }

    @Test func `a poisoned message fails alone, and leaves nothing that would make its repeat a duplicate`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database async throws in
            var inputs = Self.inputs(0..<10)
            inputs[3].body = "{"
            inputs[6].correlationID = "a\u{0}b"
            let outcomes = try await Self.harness(database.pool).handle(inputs)
            #expect(outcomes.indices.filter { !outcomes[$0].isDone } == [3, 6])
            for index in [3, 6] { #expect(throws: InvalidPayload.self) { try outcomes[index].get() } }
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 8)
            #expect(try await database.count("SELECT count(*) FROM inbox WHERE message_id IN ('m-3', 'm-6')") == 0)
            inputs[6].correlationID = "ab"
            #expect(try await Self.harness(database.pool).handle([inputs[6]]).areDone)
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 9)
        }
    }

    @Test func `a month without a partition is made by the first batch of it, by many at once too`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database async throws in
            let partitions = """
                SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass
                """
            let before = try await database.count(partitions)
            // A lane whose last row is two months ahead carries the lane's time there.
            _ = try await database.pool.query(
                SQLStatement("UPDATE audit_lanes SET recorded_at = now() + interval '65 days'")
            )
            let harness = try Self.harness(database.pool)
            await withTaskGroup { group in
                for batch in 0..<8 {
                    group.addTask {
                        #expect(await harness.handle(Self.inputs(0..<5, "b\(batch)")).areDone)
                    }
                }
            }
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 40)
            #expect(try await database.count(partitions) == before + 1)
            #expect(try await AuditVerification(database.pool).run().isIntact)
        }
    }

    @Test func `event times of any year make no partition of their own`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let times = [#""1800-01-01""#, #""9999-12-31T23:59:59Z""#, "1e300", "-1", #""soon""#, "[]"]
            let inputs = times.enumerated().map { index, time in
                HandlerHarness.Input(id: "t\(index)", event: "a.b", body: #"{"timestamp":\#(time)}"#)
            }
            #expect(try await Self.harness(database.pool).handle(inputs).areDone)
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 6)
            #expect(
                try await database.count(
                    "SELECT count(*) FROM audit_logs WHERE occurred_at > now() - interval '1 hour'"
                ) == 4
            )
            // What is yet to happen counts as now; the body still says what it said.
            #expect(
                try await database.count(
                    "SELECT count(*) FROM audit_logs WHERE occurred_at > now() + interval '25 hours'"
                ) == 0
            )
            #expect(
                try await database.count(
                    "SELECT count(*) FROM audit_logs WHERE body LIKE '%9999-12-31%'"
                ) == 1
            )
        }
    }
}
