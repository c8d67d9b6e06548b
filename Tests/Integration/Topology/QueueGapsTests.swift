import FlotillaStorage
import FlotillaTestSupport
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct QueueGapsTests {
    private func gaps(_ pool: PostgresPool) async throws -> [SQLRow] {
        try await pool.query(
            SQLStatement(
                """
                SELECT queue, extract(epoch FROM now() - since)::float8, declared_at IS NULL, finished_at IS NULL
                FROM queue_gaps ORDER BY id
                """
            )
        ).map { $0 }
    }

    /// A queue that was last seen empty `seconds` ago, and before that `earlier` seconds ago.
    private func mark(_ queue: String, _ seconds: Int, _ earlier: Int = 1_000, in pool: PostgresPool) async throws {
        let statement = SQLStatement(
            """
            INSERT INTO queue_marks (queue, drained_at, drained_before)
            VALUES ($1, now() - $2 * interval '1 second', now() - $3 * interval '1 second')
            """,
            [.text(queue), .int(Int64(seconds)), .int(Int64(earlier))]
        )
        _ = try await pool.query(statement)
    }

    @Test func `a loss that several processes meet is one gap, and begins anew only when the queue is lost again`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database in
            let pool = database.pool
            try await mark("a", 60, in: pool)
            _ = try await pool.query(QueueGaps.lost([(name: "a", age: .seconds(1)), (name: "never.seen", age: .zero)]))
            _ = try await pool.query(QueueGaps.declared(["a"]))
            // One that met the loss before it was declared comes late.
            _ = try await pool.query(QueueGaps.lost([(name: "a", age: .seconds(30))]))
            var rows = try await gaps(pool)
            #expect(rows.map { $0.text(0) } == ["a"])
            #expect(rows[0].bool(2) == false)

            let claimed = QueueGaps.claimed(try await pool.query(QueueGaps.claim(by: "p")))
            #expect(claimed.map(\.queue) == ["a"])
            _ = try await pool.query(QueueGaps.finished(claimed, by: "p", replayed: 1, leftOut: 2, note: ""))
            _ = try await pool.query(QueueGaps.lost([(name: "a", age: .seconds(30))]))
            #expect(try await gaps(pool).map { $0.bool(3) } == [false])

            _ = try await pool.query(QueueGaps.lost([(name: "a", age: .zero)]))
            rows = try await gaps(pool)
            #expect(rows.map { $0.bool(3) } == [false, true])
        }
    }

    @Test func `a mark from after a loss that is noted late does not hide what was missed`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let pool = database.pool
            try await mark("before", 60, in: pool)
            try await mark("after", 5, 400, in: pool)
            _ = try await pool.query(SQLStatement("INSERT INTO queue_marks (queue) VALUES ('new')"))
            let age = Duration.seconds(30)
            _ = try await pool.query(QueueGaps.lost(["before", "after", "new"].map { (name: $0, age: age) }))
            let since = Dictionary(
                uniqueKeysWithValues: try await gaps(pool).map { ($0.text(0) ?? "", $0.double(1) ?? 0) }
            )
            #expect((60..<120).contains(since["before"] ?? 0))
            #expect((400..<500).contains(since["after"] ?? 0))
            #expect((40..<140).contains(since["new"] ?? 0))
        }
    }

    @Test func `a mark keeps the one before it`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let pool = database.pool
            try await mark("a", 60, in: pool)
            _ = try await pool.pipeline(QueueGaps.mark(existing: ["a"], drained: ["a"], age: .zero))
            _ = try await pool.query(QueueGaps.lost([(name: "a", age: .seconds(30))]))
            let since = try await gaps(pool).first?.double(1) ?? 0
            #expect((60..<160).contains(since))
        }
    }
}
