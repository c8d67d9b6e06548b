import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Workers
import Synchronization
import Testing

/// Answers as it is told, and keeps what it was given.
private final class ScriptedPublisher: MessagePublisher {
    private struct State {
        var published: [OutgoingMessage] = []
        var answer: @Sendable (OutgoingMessage) -> PublishResult = { _ in .confirmed }
    }

    private let state = Mutex(State())

    var published: [OutgoingMessage] { state.withLock { $0.published } }
    var ids: [String] { published.compactMap(\.message.properties.messageID) }

    func answer(_ answer: @escaping @Sendable (OutgoingMessage) -> PublishResult) {
        state.withLock { $0.answer = answer }
    }

    func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        state.withLock { state in
            state.published += messages
            return messages.map(state.answer)
        }
    }

    var condition: PublisherCondition { .connected }

    func close() async {}
}

@Suite(.enabled(if: TestDatabase.isAvailable))
struct OutboxRelayTests {
    private func message(_ id: String) -> OutgoingMessage {
        var properties = MessageProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: "fleet.topic",
            routingKey: "a.b",
            message: Message(
                properties: properties,
                headers: ["n": .int16(3), "b": .bytes([0, 255])],
                body: [0, 1, 2]
            )
        )
    }

    private func withRelay<R: Sendable>(
        _ database: TestDatabase,
        _ publisher: ScriptedPublisher,
        metrics: Metrics = Metrics(),
        _ body: () async throws -> R
    ) async throws -> R {
        var configuration = OutboxRelay.Configuration()
        configuration.sweep = .milliseconds(50)
        configuration.batch = 10
        let relay = OutboxRelay(
            database.pool,
            publisher: publisher,
            metrics: metrics,
            log: Log(service: "test", threshold: .error),
            configuration: configuration
        )
        let running = Task { await relay.run() }
        do {
            let result = try await body()
            relay.stop()
            await running.value
            return result
        } catch {
            relay.stop()
            await running.value
            throw error
        }
    }

    @Test func `messages are published as they were stored, in their order, and their rows deleted`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let publisher = ScriptedPublisher()
            let metrics = Metrics()
            let messages = (0..<35).map { message("\($0)") }
            try await withRelay(database, publisher, metrics: metrics) {
                _ = try await database.pool.query(Outbox.insert(messages))
                try await eventually("the outbox is empty") {
                    try await database.count("SELECT count(*) FROM outbox") == 0
                }
            }
            #expect(publisher.published == messages)
            #expect(metrics.render().contains("flotilla_outbox_published_total 35"))
        }
    }

    @Test func `how far it is behind is known up to the limit, while nothing can be published`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            var configuration = OutboxRelay.Configuration()
            configuration.sweep = .milliseconds(20)
            configuration.countLimit = 20
            let publisher = ScriptedPublisher()
            publisher.answer { _ in .unconfirmed(reason: "away") }
            let relay = OutboxRelay(
                database.pool,
                publisher: publisher,
                metrics: Metrics(),
                log: Log(service: "test", threshold: .error, descriptor: -1),
                configuration: configuration
            )
            _ = try await database.pool.query(Outbox.insert((0..<35).map { message("\($0)") }))
            let running = Task { await relay.run() }
            try await eventually("the rows are counted") { relay.backlog == 20 }
            relay.stop()
            await running.value
        }
    }

    @Test func `what is not confirmed stays, and is published again`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let publisher = ScriptedPublisher()
            publisher.answer {
                $0.message.properties.messageID == "lost" ? .unconfirmed(reason: "cut") : .confirmed
            }
            try await withRelay(database, publisher) {
                _ = try await database.pool.query(Outbox.insert([message("kept"), message("lost")]))
                try await eventually("it was tried") { publisher.ids.count { $0 == "lost" } >= 2 }
                let attempts = try await database.pool.query(SQLStatement("SELECT attempts FROM outbox"))
                #expect(attempts.map { $0.int(0) } == [0])
                publisher.answer { _ in .confirmed }
                try await eventually("the outbox is empty") {
                    try await database.count("SELECT count(*) FROM outbox") == 0
                }
            }
            #expect(publisher.ids.count { $0 == "kept" } == 1)
        }
    }

    @Test func `a row that can't be read waits with its reason, and holds up no other`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let publisher = ScriptedPublisher()
            _ = try await database.pool.query(Outbox.insert((0..<25).map { message("\($0)") }))
            _ = try await database.pool.query(
                SQLStatement(
                    """
                    UPDATE outbox SET properties = CASE WHEN id % 2 = 0 THEN 'x' ELSE '[1]' END
                    WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT 3)
                    """
                )
            )
            try await withRelay(database, publisher) {
                try await eventually("the others are published") { publisher.published.count == 22 }
                try await eventually("the reason is kept") {
                    try await database.count("SELECT count(*) FROM outbox WHERE last_error LIKE '%unreadable%'") == 3
                }
                #expect(try await database.count("SELECT count(*) FROM outbox") == 3)
            }
            #expect(publisher.ids == (3..<25).map(String.init))
        }
    }

    @Test func `what the broker refuses waits with its error, and holds up nobody`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let publisher = ScriptedPublisher()
            publisher.answer {
                $0.message.properties.messageID == "stray" ? .unroutable(code: 312, reason: "NO_ROUTE") : .confirmed
            }
            try await withRelay(database, publisher) {
                _ = try await database.pool.query(Outbox.insert([message("stray"), message("good")]))
                try await eventually("only the stray is left") {
                    let row = try await database.pool.query(
                        SQLStatement("SELECT count(*), count(*) FILTER (WHERE attempts > 0) FROM outbox")
                    )[0]
                    return row.int(0) == 1 && row.int(1) == 1
                }
            }
            let row = try await database.pool.query(
                SQLStatement("SELECT last_error, not_before > now() - interval '1 hour' FROM outbox")
            )[0]
            #expect(row.text(0)?.contains("NO_ROUTE") == true)
            #expect(row.bool(1) == true)
            #expect(publisher.ids.contains("good"))
        }
    }

    @Test func `two relays publish no row twice when everything is confirmed`() async throws {
        try await TestDatabase.with(size: 6, migrated: true) { database in
            let publisher = ScriptedPublisher()
            try await withRelay(database, publisher) {
                try await withRelay(database, publisher) {
                    for start in stride(from: 0, to: 400, by: 20) {
                        let messages = (start..<start + 20).map { message("\($0)") }
                        _ = try await database.pool.query(Outbox.insert(messages))
                    }
                    try await eventually("the outbox is empty") {
                        try await database.count("SELECT count(*) FROM outbox") == 0
                    }
                }
            }
            #expect(publisher.ids.count == 400)
            #expect(Set(publisher.ids).count == 400)
        }
    }

    @Test func `a message for later is kept until it is due`() async throws {
        try await TestDatabase.with(migrated: true) { database in
            let publisher = ScriptedPublisher()
            try await withRelay(database, publisher) {
                let now = try await database.pool.query(SQLStatement("SELECT now()"))[0].timestamp(0) ?? 0
                _ = try await database.pool.query(Outbox.insert([message("later")], notBefore: now + 3_600_000_000))
                _ = try await database.pool.query(Outbox.insert([message("now")]))
                try await eventually("the other is out") {
                    try await database.count("SELECT count(*) FROM outbox") == 1 && publisher.ids == ["now"]
                }
                _ = try await database.pool.query(SQLStatement("UPDATE outbox SET not_before = now()"))
                try await eventually("it is out") { publisher.ids.contains("later") }
            }
        }
    }

    @Test func `a relay whose sessions are killed goes on`() async throws {
        let application = "relay-\(UInt64.random(in: 0...UInt64.max))"
        try await TestDatabase.with(migrated: true, { $0.applicationName = application }) { database in
            let publisher = ScriptedPublisher()
            try await withRelay(database, publisher) {
                _ = try await database.pool.query(Outbox.insert([message("before")]))
                try await eventually("the first is out") { publisher.ids.contains("before") }
                let killer = try database.otherPool()
                let killed = try await killer.query(
                    SQLStatement(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                        [.text(application)]
                    )
                )
                // The pool's and the listener's.
                #expect(killed.count >= 2)
                _ = try await killer.query(Outbox.insert([message("after")]))
                try await eventually("the second is out") { publisher.ids.contains("after") }
                await killer.close()
            }
        }
    }
}
