@testable import FlotillaAudit
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AuditVerificationTests {
    /// Ten rows in one lane; then, for each step, the tampering, what the verification finds, and the rows as they were.
    func faults(_ steps: [[String]]) async throws -> [[String]] {
        try await TestDatabase.with(migrated: true) { database async throws in
            _ = try await database.pool.query(SQLStatement("DELETE FROM audit_lanes WHERE lane > 1"))
            let harness = try AuditWorkerTests.harness(database.pool)
            for number in 0..<10 { await harness.handle(AuditWorkerTests.inputs(number..<number + 1)) }
            _ = try await database.pool.pipeline(
                ["logs", "lanes"].map { SQLStatement("CREATE TABLE kept_\($0) AS SELECT * FROM audit_\($0)") }
            )
            let intact = try await AuditVerification(database.pool).run()
            #expect(intact.isIntact && intact.rows == 10)
            var found: [[String]] = []
            for step in steps {
                for sql in step { _ = try await database.pool.query(SQLStatement(sql)) }
                let report = try await AuditVerification(database.pool).run()
                found.append(report.faults.map { "\($0.kind.rawValue) \($0.lane)/\($0.sequence)" })
                _ = try await database.pool.pipeline(
                    ["logs", "lanes"].flatMap {
                        [
                            SQLStatement("DELETE FROM audit_\($0)"),
                            SQLStatement("INSERT INTO audit_\($0) SELECT * FROM kept_\($0)"),
                        ]
                    }
                )
            }
            return found
        }
    }

    func faults(_ tampering: String...) async throws -> [String] { try await faults([tampering])[0] }

    @Test func `an edit of any column is found`() async throws {
        let changes = [
            "body = replace(body, 'p-4', 'p-5')", "actor = 'someone else'", "actor = NULL", "subject = ''",
            "event = 'x.y'", "service = 'x'", "correlation_id = 'x'", "message_id = 'x'", "exchange = 'x'",
            "routing_key = 'x'", "trace_parent = 'x'", "occurred_at = 'infinity'",
            "occurred_at = occurred_at + interval '1 microsecond'",
            "recorded_at = recorded_at + interval '1 microsecond'",
            "hash_version = 1", "hash_version = 3", "received_by = 'key:000000000000'", "received_by = ''",
            "received_route = 'POST /api/v1/jobs'", "received_address = '192.0.2.7'", "received_id = 'x'",
            "received_at = now()", "received_at = 'infinity'",
        ]
        let found = try await faults(changes.map { ["UPDATE audit_logs SET \($0) WHERE sequence = 5"] })
        for (change, faults) in zip(changes, found) { #expect(faults == ["edited 1/5"], "\(change)") }
        let hash = try await faults("UPDATE audit_logs SET hash = previous_hash WHERE sequence = 5")
        #expect(hash == ["edited 1/5", "reordered 1/6"])
    }

    @Test func `a row deleted in the middle is found`() async throws {
        #expect(try await faults("DELETE FROM audit_logs WHERE sequence = 5") == ["deleted 1/5"])
    }

    @Test func `a lane cut short is found`() async throws {
        #expect(try await faults("DELETE FROM audit_logs WHERE sequence >= 9") == ["truncated 1/9"])
        #expect(try await faults("DELETE FROM audit_logs") == ["truncated 1/1"])
    }

    @Test func `a lane cut short with its head moved back to another hash is found`() async throws {
        let faults = try await faults(
            "DELETE FROM audit_logs WHERE sequence = 10",
            "UPDATE audit_lanes SET sequence = 9 WHERE lane = 1"
        )
        #expect(faults == ["head_changed 1/9"])
    }

    @Test func `two rows that changed places are found`() async throws {
        let faults = try await faults(
            """
            UPDATE audit_logs SET sequence = CASE sequence WHEN 4 THEN 7 ELSE 4 END
            WHERE sequence IN (4, 7)
            """
        )
        #expect(faults == ["reordered 1/4", "reordered 1/5", "reordered 1/7", "reordered 1/8"])
    }

    @Test func `two bodies that changed places are found`() async throws {
        let faults = try await faults(
            """
            UPDATE audit_logs AS a SET body = b.body FROM audit_logs AS b
            WHERE a.sequence IN (4, 7) AND b.sequence IN (4, 7) AND a.sequence <> b.sequence
            """
        )
        #expect(faults == ["edited 1/4", "edited 1/7"])
    }

    private static func forged(_ lane: Int, _ sequence: Int) -> String {
        """
        INSERT INTO audit_logs SELECT \(lane), hash_version, \(sequence), recorded_at + interval '1 microsecond',
            occurred_at, event, 'forged', subject, service, correlation_id, message_id, exchange, routing_key,
            trace_parent, previous_hash, hash, body FROM audit_logs WHERE lane = 1 AND sequence = 5
        """
    }

    @Test func `a forged row is found, wherever it is put`() async throws {
        #expect(try await faults(Self.forged(1, 5)) == ["inserted 1/5"])
        #expect(try await faults(Self.forged(1, 11)) == ["inserted 1/11"])
        #expect(try await faults(Self.forged(9, 1)) == ["unknown_lane 9/1"])
    }

    @Test func `pages end between rows of any size, and every row is checked`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            let text = String(repeating: "x", count: 1_500_000)
            let big = (0..<7).map { HandlerHarness.Input(id: "b\($0)", event: "a.b", body: #"{"text":"\#(text)"}"#) }
            #expect(await harness.handle(big).areDone)
            for batch in 0..<3 {
                await harness.handle(AuditWorkerTests.inputs(batch * 700..<batch * 700 + 700))
            }
            var pages = 0
            let report = try await AuditVerification(database.pool).run { _ in pages += 1 }
            #expect(report.isIntact && report.rows == 2_107)
            #expect(pages >= 4)
            _ = try await database.pool.query(
                SQLStatement("UPDATE audit_logs SET actor = 'x' WHERE message_id = 'm-2099'")
            )
            #expect(try await AuditVerification(database.pool).run().faults.map(\.messageID) == ["m-2099"])
        }
    }

    @Test func `verifying while others write finds nothing`() async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            try await withThrowingTaskGroup { group in
                for writer in 0..<3 {
                    group.addTask {
                        for batch in 0..<20 {
                            await harness.handle(AuditWorkerTests.inputs(0..<10, "w\(writer)-\(batch)"))
                        }
                    }
                }
                group.addTask { () async throws in
                    for _ in 0..<10 { #expect(try await AuditVerification(database.pool).run().faults == []) }
                }
                try await group.waitForAll()
            }
            #expect(try await AuditVerification(database.pool).run().rows == 600)
        }
    }
}
