import FlotillaMessaging
import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Testing
import Workers

@testable import FlotillaAudit

/// What a queue has missed, by rows that the audit worker itself has written.
@Suite(.enabled(if: TestDatabase.isAvailable))
struct MissedMessagesTests {
    private let topology = Topology(
        queues: [
            QueueDefinition(
                name: "quota.views",
                worker: "quota",
                bindings: [QueueBinding(exchange: "fleet.topic", key: "profile.viewed")]
            )
        ]
    )

    private struct Fixture: Sendable {
        let database: TestDatabase
        let missed: MissedMessages
        let queue: QueueDefinition

        func record(_ key: String, _ id: String, _ body: String) async throws {
            _ = try await database.pool.query(
                SQLStatement("UPDATE audit_lanes SET sequence = sequence + 1 WHERE lane = 1")
            )
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    INSERT INTO audit_logs (lane, hash_version, sequence, recorded_at, occurred_at, event, message_id,
                        exchange, routing_key, correlation_id, previous_hash, hash, body)
                    SELECT 1, 1, 1 + (SELECT count(*) FROM audit_logs), now(), now(), $1, $2, 'fleet.topic', $1, 'c',
                        '', '', $3
                    """,
                    [.text(key), .text(id), .text(body)]
                )
            )
        }

        func find(after place: inout MissedMessages.Place) async throws -> ([OutgoingMessage], MissedMessages.Count) {
            var found: [OutgoingMessage] = []
            let count = try await missed.find(for: queue, from: 0, after: &place) { found += $0 }
            return (found, count)
        }
    }

    private func with(_ body: (Fixture) async throws -> Void) async throws {
        try await TestDatabase.with(migrated: true) { database in
            let privacy = try AuditWorkerTests.privacy(database.pool)
            try await body(
                Fixture(
                    database: database,
                    missed: MissedMessages(database.pool, privacy: privacy, topology: topology),
                    queue: topology.queues[0]
                )
            )
        }
    }

    @Test func `a queue has missed what its bindings want and its worker has neither handled nor given up`()
        async throws
    {
        try await with { fixture in
            for id in ["handled", "dead", "sent back", "missed"] {
                try await fixture.record("profile.viewed", id, #"{"companyId": 1.0}"#)
            }
            try await fixture.record("profile.updated", "other", "{}")
            let pool = fixture.database.pool
            _ = try await pool.query(Inbox.insert(consumer: "quota.views", messageIDs: ["handled"]))
            _ = try await pool.query(
                SQLStatement(
                    """
                    INSERT INTO dead_letters (filing_key, queue, message_id, state, exchange, routing_key, properties,
                        headers, body)
                    VALUES ('k', 'quota.views', 'dead', 'archived', '', '', '', '', ''),
                        ('l', 'quota.views', 'sent back', 'requeued', '', '', '', '', '')
                    """
                )
            )
            var place = MissedMessages.Place()
            let (found, count) = try await fixture.find(after: &place)
            #expect(count == MissedMessages.Count(found: 2, withoutID: 0, personal: 0))
            #expect(found.first?.message.properties.messageID == "sent back")
            let message = try #require(found.last)
            #expect(message.exchange.isEmpty && message.routingKey == "quota.views")
            #expect(message.message.properties.messageID == "missed")
            #expect(message.message.properties.correlationID == "c")
            #expect(message.message.headers[FleetHeader.originRoutingKey]?.text == "profile.viewed")
            #expect(String(decoding: message.message.body, as: UTF8.self) == #"{"companyId": 1.0}"#)
        }
    }

    @Test func `the next look begins where the last one ended, with what has been recorded since`() async throws {
        try await with { fixture in
            var place = MissedMessages.Place()
            for number in 0..<450 { try await fixture.record("profile.viewed", "a\(number)", "{}") }
            #expect(try await fixture.find(after: &place).0.count == 450)
            #expect(try await fixture.find(after: &place).0.isEmpty)
            try await fixture.record("profile.viewed", "b", "{}")
            #expect(try await fixture.find(after: &place).0.map(\.message.properties.messageID) == ["b"])
        }
    }

    @Test func `routing keys and lanes that appear later are looked through`() async throws {
        try await with { fixture in
            var place = MissedMessages.Place()
            try await fixture.record("profile.updated", "other", "{}")
            #expect(try await fixture.find(after: &place).0.isEmpty)
            try await fixture.record("profile.viewed", "a", "{}")
            #expect(try await fixture.find(after: &place).0.count == 1)
            _ = try await fixture.database.pool.pipeline([
                SQLStatement("UPDATE audit_logs SET lane = 2, message_id = 'b' WHERE message_id = 'a'"),
                SQLStatement("UPDATE audit_lanes SET sequence = 2 WHERE lane = 2"),
            ])
            #expect(try await fixture.find(after: &place).0.count == 1)
            #expect(try await fixture.find(after: &place).0.isEmpty)
        }
    }

    @Test func `a queue of jobs has missed no event`() async throws {
        try await with { fixture in
            try await fixture.record("profile.viewed", "a", "{}")
            let queue = QueueDefinition(
                name: "quota.views",
                worker: "quota",
                bindings: [QueueBinding(exchange: "fleet.direct", key: "profile.viewed")]
            )
            await fixture.database.pool.close()
            var place = MissedMessages.Place()
            let count = try await fixture.missed.find(for: queue, from: 0, after: &place) { _ in }
            #expect(count == MissedMessages.Count())
        }
    }

    @Test func `messages without an id of their own are counted and left out`() async throws {
        try await with { fixture in
            try await fixture.record("profile.viewed", UUIDv7.makeSubstitute(), "{}")
            try await fixture.record("profile.viewed", UUIDv7.make(), "{}")
            var place = MissedMessages.Place()
            let (found, count) = try await fixture.find(after: &place)
            #expect(found.count == 1 && count.withoutID == 1)
        }
    }

    @Test func `an event in its envelope is sent as one`() async throws {
        try await with { fixture in
            let body = #"{"specversion":"1.0","id":"1","source":"s","type":"profile.viewed","data":{}}"#
            try await fixture.record("profile.viewed", "1", body)
            var place = MissedMessages.Place()
            let found = try await fixture.find(after: &place).0
            #expect(found.map(\.message.properties.contentType) == ["application/cloudevents+json"])
        }
    }
}
