@testable import FlotillaAudit
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AuditRetentionTests {
    @Test func `months are made ahead, once, by many at a time too`() async throws {
        try await TestDatabase.with(size: 4, migrated: true) { database async throws in
            let partitions = AuditPartitions(database.pool)
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await partitions.makeAhead() } }
                try await group.waitForAll()
            }
            let months = try await partitions.list().map(\.month)
            let this = CalendarMonth(containing: WallClock.microseconds())
            #expect(months == (0...AuditPartitions.ahead).map { this.adding($0) })
        }
    }

    @Test(arguments: [false, true]) func `whole months go, and the rest verifies as before`(drops: Bool) async throws {
        try await CheckpointTests.Fixture.with { fixture async throws in
            // The rows of the stage become those of an old month, as if they had been recorded then.
            try await age(fixture, months: 3)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<6, "now")).areDone)
            try await fixture.checkpointing.make()
            #expect(try await AuditVerification(fixture.pool).run().isIntact)
            let retention = AuditRetention(fixture.pool, key: fixture.key)
            let expired = try await retention.expired(keeping: 2)
            #expect(expired.count == 1)
            let number = try await retention.detach(expired[0], drops: drops, by: "op")
            try await fixture.checkpointing.copy()
            let report = try await AuditVerification(
                fixture.pool,
                trust: CheckpointTrust(keys: [fixture.key.publicKey])
            ).run()
            #expect(report.faults == [] && report.rows == 7)
            #expect(report.newest?.number == number)
            let isThere = try await fixture.pool.query(
                SQLStatement("SELECT to_regclass('\(expired[0].table)') IS NOT NULL")
            )[0].bool(0)
            #expect(isThere == !drops)
            #expect(try await retention.expired(keeping: 2).isEmpty)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<3, "then")).areDone)
            #expect(try await AuditVerification(fixture.pool).run().isIntact)
        }
    }

    @Test func `what is tampered with after months have gone is found, and where`() async throws {
        try await CheckpointTests.Fixture.with { fixture async throws in
            try await age(fixture, months: 3)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<6, "now")).areDone)
            let retention = AuditRetention(fixture.pool, key: fixture.key)
            let month = try #require(try await retention.expired(keeping: 2).first)
            let detachment = try #require(try await retention.detach(month, drops: true, by: "op"))
            let tables = ["audit_logs", "audit_lanes", "audit_checkpoints"]
            for table in tables { try await fixture.execute("CREATE TABLE kept_\(table) AS SELECT * FROM \(table)") }
            let rows = try await fixture.pool.query(
                SQLStatement("SELECT lane, min(sequence) FROM audit_logs GROUP BY lane ORDER BY count(*) DESC LIMIT 1")
            )
            let (lane, first) = (rows[0].int(0) ?? 0, rows[0].int(1) ?? 0)
            func row(_ offset: Int64) -> String { "lane = \(lane) AND sequence = \(first + offset)" }
            /// The faults after some tampering, of which nothing is left afterwards.
            func faults(_ tampering: [String]) async throws -> [String] {
                for statement in tampering { try await fixture.execute(statement) }
                let trust = CheckpointTrust(keys: [fixture.key.publicKey])
                let found = try await AuditVerification(fixture.pool, trust: trust).run().faults
                for table in tables {
                    try await fixture.execute(
                        "DELETE FROM \(table)",
                        "INSERT INTO \(table) SELECT * FROM kept_\(table)"
                    )
                }
                return found.map { "\($0.kind.rawValue) \($0.lane)/\($0.sequence)" }
            }
            #expect(first > 1)
            #expect(try await faults([]) == [])
            let hash = "(SELECT hash FROM audit_logs WHERE \(row(0)))"
            let tampering: [(found: String, [String])] = [
                ("edited \(lane)/\(first + 2)", ["UPDATE audit_logs SET actor = 'x' WHERE \(row(2))"]),
                ("deleted \(lane)/\(first + 2)", ["DELETE FROM audit_logs WHERE \(row(2))"]),
                ("deleted \(lane)/\(first)", ["DELETE FROM audit_logs WHERE \(row(0))"]),
                (
                    "truncated \(lane)/\(first + 4)",
                    ["DELETE FROM audit_logs WHERE lane = \(lane) AND sequence > \(first + 3)"]
                ),
                (
                    "reordered \(lane)/\(first + 1)",
                    [
                        "UPDATE audit_logs SET sequence = 900 WHERE \(row(1))",
                        "UPDATE audit_logs SET sequence = \(first + 1) WHERE \(row(2))",
                        "UPDATE audit_logs SET sequence = \(first + 2) WHERE lane = \(lane) AND sequence = 900",
                    ]
                ),
                (
                    "base_moved \(lane)/\(first)",
                    [
                        "UPDATE audit_lanes SET base_sequence = \(first), base_hash = \(hash) WHERE lane = \(lane)",
                        "DELETE FROM audit_logs WHERE \(row(0))",
                    ]
                ),
                (
                    "checkpoint_forged 0/\(detachment)",
                    [
                        "UPDATE audit_checkpoints SET signature = decode(repeat('00', 64), 'hex') WHERE number = \(detachment)"
                    ]
                ),
                ("base_moved \(lane)/\(first - 1)", ["DELETE FROM audit_checkpoints WHERE number = \(detachment)"]),
            ]
            for (expected, statements) in tampering {
                let found = try await faults(statements)
                #expect(found.contains(expected), "\(statements): \(found)")
            }
        }
    }

    @Test func `a month that does not follow the base does not go`() async throws {
        try await CheckpointTests.Fixture.with { fixture async throws in
            try await age(fixture, months: 3)
            try await fixture.execute("DELETE FROM audit_logs WHERE lane = 1 AND sequence = 2")
            let retention = AuditRetention(fixture.pool, key: fixture.key)
            let expired = try await retention.expired(keeping: 2)
            await #expect(throws: AuditError.self) {
                try await retention.detach(expired[0], drops: true, by: "op")
            }
            #expect(try await AuditVerification(fixture.pool).run().faults.map(\.kind) == [.deleted])
        }
    }

    /// Puts all rows back by some months, and computes their hashes anew; checkpoints of before are dropped.
    private func age(_ fixture: CheckpointTests.Fixture, months: Int) async throws {
        try await fixture.execute(
            "SELECT audit_logs_ensure_month(now() - interval '\(months) months')",
            "UPDATE audit_logs SET recorded_at = recorded_at - interval '\(months) months'",
            "UPDATE audit_lanes SET recorded_at = recorded_at - interval '\(months) months'",
            "DELETE FROM audit_checkpoints"
        )
        for lane in 1...2 { try await fixture.rewrite(lane: Int64(lane), from: 1) }
    }
}
