import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing
import Workers

@testable import FlotillaAudit

/// What people are told of queues that were lost.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct QueueLossTests {
    private let topology = Topology(
        queues: [
            QueueDefinition(
                name: "quota.views",
                worker: "quota",
                bindings: [QueueBinding(exchange: "fleet.topic", key: "profile.viewed")]
            ),
            QueueDefinition(
                name: "ticket.generation",
                worker: "tickets",
                bindings: [QueueBinding(exchange: "fleet.direct", key: "ticket.generation.requested")]
            ),
            QueueDefinition(
                name: "audit.all",
                worker: AuditWorker.name,
                bindings: [QueueBinding(exchange: "fleet.topic", key: "#")]
            ),
        ]
    )

    /// Loses a queue an hour ago, declares it again, and takes the loss.
    private func lose(_ queue: String, in pool: PostgresPool, hoursAgo: Int = 1) async throws -> QueueGap {
        _ = try await pool.query(
            SQLStatement(
                """
                INSERT INTO queue_gaps (queue, since, noticed_at, declared_at)
                VALUES ($1, now() - $2 * interval '1 hour', now() - $2 * interval '1 hour', now())
                """,
                [.text(queue), .int(Int64(hoursAgo))]
            )
        )
        return try #require(QueueGaps.claimed(try await pool.query(QueueGaps.claim(by: "p"))).first)
    }

    private func loss(_ pool: PostgresPool) -> AuditLoss {
        AuditLoss(
            pool: pool,
            topology: topology,
            process: "p",
            gaps: Metrics().counter(QueueReplay.metrics[1]),
            log: Log(service: "test", threshold: .error, descriptor: -1)
        )
    }

    @Test func `a loss of the audit log's queue is told for ever, that of another for a month`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let pool = database.pool
            try await loss(pool).declare(try await lose("audit.all", in: pool, hoursAgo: 24 * 400))
            let other = try await lose("quota.views", in: pool, hoursAgo: 24 * 400)
            _ = try await pool.query(QueueGaps.finished([other], by: "p", replayed: 1, leftOut: 2, note: "two"))
            #expect(try await pool.query(QueueGaps.prune(limit: 100)).affected == 1)
            let kept = try await QueueLoss.ofAudit(pool)
            #expect(kept.map(\.queue) == ["audit.all"])
            #expect(kept[0].note.hasSuffix("may have no audit row"))
            #expect(try await QueueLoss.recent(pool).isEmpty)
        }
    }

    @Test func `ids that differ from queue to queue are not taken for missing`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let pool = database.pool
            let ids = ["missing", "ada@example.com", UUIDv7.makeSubstitute()]
            _ = try await pool.query(Inbox.insert(consumer: "quota.views", messageIDs: ids))
            let now = WallClock.microseconds()
            #expect(try await loss(pool).knownMissing(since: now - 60_000_000, until: now + 60_000_000) == 1)
        }
    }

    @Test func `what is older than the inbox remembers is left out, and said so`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let retention = Duration.seconds(14 * 86_400)
            let known = try #require(
                try await database.pool.query(Inbox.knownSince(retention: retention)).first?.timestamp(0)
            )
            let age = Double(WallClock.microseconds() - known) / 1_000_000
            #expect(abs(age - (14 * 86_400 - 3_600)) < 60)
            var replay = QueueToReplay(topology.queues[0], in: topology)
            replay.add(try await lose("quota.views", in: database.pool, hoursAgo: 24 * 20))
            replay.limit(to: known)
            #expect(replay.start == known)
            #expect(replay.note.contains("from before \(WallClock.iso8601(known)) nothing was replayed"))
            var later = QueueToReplay(topology.queues[0], in: topology)
            later.add(try await lose("quota.views.2", in: database.pool))
            later.limit(to: known)
            #expect(later.start > known && later.note.isEmpty)
        }
    }

    @Test func `commands of services are said to be unknown, where services may send any`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let gap = try await lose("ticket.generation", in: database.pool)
            func note(_ topology: Topology, _ queue: Int = 1) -> String {
                var replay = QueueToReplay(topology.queues[queue], in: topology)
                replay.add(gap)
                return replay.note
            }
            #expect(note(topology).contains("commands that services had sent"))
            #expect(!note(topology, 0).contains("commands"))
            var listed = topology
            listed.publishers = PublisherList([Publisher(service: "shop", user: "shop", commands: ["other.*"])])
            listed.openToPublishers()
            #expect(!note(listed).contains("commands"))
            listed.publishers = PublisherList([Publisher(service: "shop", user: "shop", commands: ["ticket.#"])])
            listed.openToPublishers()
            #expect(note(listed).contains("commands that services had sent"))
        }
    }
}
