@testable import FlotillaAudit
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct CheckpointTests {
    /// A chain of two lanes with three checkpoints, a copy of them, and what signs them.
    struct Fixture: Sendable {
        let pool: PostgresPool
        let key: SigningKey
        let folder: String
        let harness: HandlerHarness

        var file: @Sendable (String) -> CheckpointFile {
            { [folder] chain in CheckpointFile("\(folder)/\(chain).checkpoints") }
        }
        var checkpointing: Checkpointing { Checkpointing(pool, key: key, file: file) }
        var verification: AuditVerification {
            AuditVerification(pool, trust: CheckpointTrust(keys: [key.publicKey], file: file))
        }

        static func with(_ body: (Fixture) async throws -> Void) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: TestServers.uniqueWord()).path()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await TestDatabase.with(migrated: true) { database async throws in
                _ = try await database.pool.query(SQLStatement("DELETE FROM audit_lanes WHERE lane > 2"))
                let fixture = Fixture(
                    pool: database.pool,
                    key: .generate(),
                    folder: folder,
                    harness: try AuditWorkerTests.harness(database.pool)
                )
                for round in 0..<3 {
                    for number in 0..<4 {
                        #expect(
                            await fixture.harness.handle(AuditWorkerTests.inputs(number..<number + 1, "r\(round)"))
                                .areDone
                        )
                    }
                    #expect(try await fixture.checkpointing.make()?.number == Int64(round + 1))
                }
                try await body(fixture)
            }
        }

        func execute(_ statements: String...) async throws {
            for statement in statements { _ = try await pool.query(SQLStatement(statement)) }
        }

        func faults(since bookmark: VerificationBookmark? = nil) async throws -> [String] {
            try await verification.run(since: bookmark).faults.map { "\($0.kind.rawValue) \($0.lane)/\($0.sequence)" }
        }

        /// Computes a lane anew from a row on, as somebody does who may write to both tables and has read the manual.
        func rewrite(lane: Int64, from sequence: Int64) async throws {
            try await execute("UPDATE audit_logs SET actor = 'nobody' WHERE lane = \(lane) AND sequence = \(sequence)")
            let rows = try await pool.query(
                SQLStatement(
                    """
                    SELECT lane, sequence, recorded_at, occurred_at, event, actor, subject, service, correlation_id,
                        message_id, exchange, routing_key, trace_parent, body, hash_version, previous_hash, hash, received_by, received_route,
                        received_address, received_at, received_id
                    FROM audit_logs WHERE lane = $1 AND sequence >= $2 ORDER BY sequence
                    """,
                    [.int(lane), .int(sequence)]
                )
            ).map { AuditRow($0) }
            var hasher = AuditHasher()
            var previous = rows[0].previousHash
            for row in rows {
                let hash = hasher.hash(row.record, after: previous)
                _ = try await pool.query(
                    SQLStatement(
                        "UPDATE audit_logs SET previous_hash = $3, hash = $4 WHERE lane = $1 AND sequence = $2",
                        [.int(lane), .int(row.record.sequence), .bytes(previous), .bytes(hash)]
                    )
                )
                previous = hash
            }
            _ = try await pool.query(
                SQLStatement("UPDATE audit_lanes SET hash = $2 WHERE lane = $1", [.int(lane), .bytes(previous)])
            )
        }
    }

    @Test func `intact chains and checkpoints have no fault, and give the mark for the next time`() async throws {
        try await Fixture.with { fixture async throws in
            let report = try await fixture.verification.run()
            #expect(report.faults == [] && report.checkpoints == 3 && report.rows == 12)
            let bookmark = try #require(report.bookmark)
            #expect(bookmark.number == 3 && VerificationBookmark(text: bookmark.text) == bookmark)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<5, "later")).areDone)
            let next = try await fixture.verification.run(since: bookmark)
            // The new rows, and the last of each lane that was checked before.
            #expect(next.isIntact && next.rows == 7 && next.since?.number == 3)
            #expect(try await fixture.checkpointing.make()?.number == 4)
            #expect(try await fixture.checkpointing.make() == nil)
        }
    }

    @Test func `a lane computed anew from a row on is found where the first checkpoint after it stands`() async throws {
        try await Fixture.with { fixture async throws in
            let sequence = try await Int64(
                fixture.pool.query(SQLStatement("SELECT max(sequence) FROM audit_logs WHERE lane = 1"))[0].int(0) ?? 0
            )
            try await fixture.rewrite(lane: 1, from: 1)
            // The fleet goes on, and signs what it finds.
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<2, "later")).areDone)
            try await fixture.checkpointing.make()
            let faults = try await fixture.faults()
            #expect(!faults.isEmpty && faults.allSatisfy { $0.hasPrefix("rewritten 1/") }, "\(faults), \(sequence)")
            #expect(try await AuditVerification(fixture.pool).run().isIntact)
        }
    }

    @Test func `rows cut off together with the lane's head are found`() async throws {
        try await Fixture.with { fixture async throws in
            let last = try await fixture.pool.query(
                SQLStatement(
                    "SELECT sequence, previous_hash FROM audit_logs WHERE lane = 1 ORDER BY sequence DESC LIMIT 1"
                )
            )[0]
            let sequence = last.int(0) ?? 0
            try await fixture.execute("DELETE FROM audit_logs WHERE lane = 1 AND sequence = \(sequence)")
            _ = try await fixture.pool.query(
                SQLStatement(
                    "UPDATE audit_lanes SET sequence = $1, hash = $2 WHERE lane = 1",
                    [.int(sequence - 1), .bytes(last.bytes(1) ?? [])]
                )
            )
            #expect(try await AuditVerification(fixture.pool).run().isIntact)
            #expect(try await fixture.faults() == ["truncated 1/\(sequence)"])
        }
    }

    @Test func `a table emptied together with its checkpoints is found by the copy`() async throws {
        try await Fixture.with { fixture async throws in
            try await fixture.execute(
                "DELETE FROM audit_logs",
                "DELETE FROM audit_checkpoints",
                "UPDATE audit_lanes SET sequence = 0, hash = decode(repeat('00', 32), 'hex')"
            )
            #expect(
                try await fixture.faults() == [
                    "checkpoint_missing 0/1", "checkpoint_missing 0/2", "checkpoint_missing 0/3", "truncated 1/1",
                    "truncated 2/1",
                ]
            )
        }
    }

    @Test func `checkpoints that were deleted, edited, exchanged or made by others are found`() async throws {
        try await Fixture.with { fixture async throws in
            _ = try await fixture.pool.query(SQLStatement("CREATE TABLE kept AS SELECT * FROM audit_checkpoints"))
            func found(_ tampering: String...) async throws -> [String] {
                for statement in tampering { try await fixture.execute(statement) }
                let faults = try await fixture.faults()
                try await fixture.execute(
                    "DELETE FROM audit_checkpoints",
                    "INSERT INTO audit_checkpoints SELECT * FROM kept"
                )
                return faults
            }
            #expect(
                try await found("DELETE FROM audit_checkpoints WHERE number = 1").contains("checkpoint_missing 0/1")
            )
            #expect(
                try await found("DELETE FROM audit_checkpoints WHERE number = 2").contains("checkpoint_missing 0/2")
            )
            #expect(try await found("DELETE FROM audit_checkpoints WHERE number = 3") == ["checkpoint_missing 0/3"])
            #expect(
                try await found(
                    "UPDATE audit_checkpoints SET statement = replace(statement, 'made ', 'made 1') WHERE number = 2"
                ).contains("checkpoint_forged 0/2")
            )
            #expect(
                try await found(
                    "UPDATE audit_checkpoints SET signature = decode(repeat('00', 64), 'hex') WHERE number = 3"
                )
                    == ["checkpoint_forged 0/3"]
            )
            #expect(
                try await found(
                    "UPDATE audit_checkpoints SET number = 20 WHERE number = 1",
                    "UPDATE audit_checkpoints SET number = 1 WHERE number = 2",
                    "UPDATE audit_checkpoints SET number = 2 WHERE number = 20"
                ).contains("checkpoint_forged 0/1")
            )
            // Somebody signs with a key of his own.
            let forger = Checkpointing(fixture.pool, key: .generate(), file: nil)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<1, "later")).areDone)
            try await forger.make()
            #expect(try await fixture.faults() == ["checkpoint_forged 0/4"])
        }
    }

    @Test func `a lane that begins elsewhere than a checkpoint says is found`() async throws {
        try await Fixture.with { fixture async throws in
            try await fixture.execute(
                """
                UPDATE audit_lanes SET base_sequence = 1, base_hash = (
                    SELECT hash FROM audit_logs WHERE lane = 1 AND sequence = 1) WHERE lane = 1
                """,
                "DELETE FROM audit_logs WHERE lane = 1 AND sequence = 1"
            )
            #expect(try await AuditVerification(fixture.pool).run().isIntact)
            #expect(try await fixture.faults() == ["base_moved 1/1"])
        }
    }

    @Test func `an incremental check finds what was changed since, and a lost mark`() async throws {
        try await Fixture.with { fixture async throws in
            let bookmark = try #require(try await fixture.verification.run().bookmark)
            #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<5, "later")).areDone)
            try await fixture.execute("UPDATE audit_logs SET actor = 'x' WHERE message_id = 'later-2'")
            #expect(try await fixture.faults(since: bookmark).count == 1)
            var other = bookmark
            other.digest = SHA256.digest("another")
            #expect(try await fixture.faults(since: other).contains("checkpoint_missing 0/3"))
        }
    }

    @Test func `two processes make each checkpoint once, and each has a whole copy`() async throws {
        try await Fixture.with { fixture async throws in
            let other = Fixture(
                pool: fixture.pool,
                key: fixture.key,
                folder: fixture.folder + "/other",
                harness: fixture.harness
            )
            for round in 0..<5 {
                #expect(await fixture.harness.handle(AuditWorkerTests.inputs(0..<3, "c\(round)")).areDone)
                async let first = fixture.checkpointing.make(ifOlderThan: .zero)
                async let second = other.checkpointing.make(ifOlderThan: .zero)
                let made = try await [first, second]
                #expect(made.count { $0 != nil } == 1)
            }
            let chain = try #require(try await Checkpointing.chain(in: fixture.pool))
            for copy in [fixture, other] {
                try await copy.checkpointing.copy()
                var numbers: Set<Int64> = []
                try copy.file(chain).forEach { numbers.insert(AuditCheckpoint(statement: $0.statement)?.number ?? 0) }
                #expect(numbers == Set(1...8))
            }
            #expect(try await other.verification.run().isIntact)
        }
    }
}
