import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Testing
import Workers

/// A queue goes on refusing on the channels that met its length limit, when the limit is taken away.
@Suite(.enabled(if: TestBroker.hasManagement && TestDatabase.isAvailable))
struct LiftedLimitTests {
    private func message(to queue: String) -> OutgoingMessage {
        OutgoingMessage(exchange: "", routingKey: queue, message: Message(body: [1]))
    }

    @Test func `when a length limit is lifted, the outbox empties within seconds`() async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                let queue = broker.queue("full")
                try await broker.deploy(broker.topology([queue], levels: 1))
                try await broker.limit(queue.name, to: 20)
                let rabbit = RabbitMQBroker(broker.configuration)
                try await rabbit.closing {
                    let filling = try await rabbit.publisher(named: "test")
                    try await eventually("the queue is full") {
                        await filling.publish([message(to: queue.name)]).contains { !$0.isConfirmed }
                    }
                    let relay = OutboxRelay(
                        database.pool,
                        publisher: try await rabbit.publisher(named: "test outbox"),
                        metrics: Metrics(),
                        log: Log(service: "test", threshold: .error)
                    )
                    let running = Task { await relay.run() }
                    _ = try await database.pool.query(Outbox.insert((0..<100).map { _ in message(to: queue.name) }))
                    try await eventually("the queue refuses for a while") {
                        try await database.count("SELECT count(*) FROM outbox WHERE attempts > 2") > 50
                    }
                    try await broker.removeLimit()
                    let lifted = ContinuousClock.now
                    try await eventually("the outbox is empty") {
                        try await database.count("SELECT count(*) FROM outbox") == 0
                    }
                    #expect(ContinuousClock.now - lifted < .seconds(30))
                    relay.stop()
                    await running.value
                    #expect(try await broker.admin.queueDepth(queue.name)?.ready ?? 0 >= 120)
                }
            }
        }
    }

    @Test func `a publisher that is refused again and again loses nothing of what others publish by it`() async throws {
        try await TestBroker.with { broker in
            let (full, other) = (broker.queue("full"), broker.queue("other"))
            try await broker.deploy(broker.topology([full, other], levels: 1))
            try await broker.limit(full.name, to: 5)
            let rabbit = RabbitMQBroker(broker.configuration)
            try await rabbit.closing {
                let publisher = try await rabbit.publisher(named: "test")
                let end = ContinuousClock.now + .seconds(8)
                async let refused: Int = {
                    var count = 0
                    while ContinuousClock.now < end {
                        count += await publisher.publish([message(to: full.name)]).count { !$0.isConfirmed }
                    }
                    return count
                }()
                var confirmed = 0
                while ContinuousClock.now < end {
                    let results = await publisher.publish((0..<50).map { _ in message(to: other.name) })
                    #expect(results.allSatisfy { $0.isConfirmed })
                    confirmed += results.count
                }
                #expect(await refused > 3)
                try await eventually("what was confirmed is there, once") {
                    try await broker.admin.queueDepth(other.name)?.ready == confirmed
                }
                try await broker.removeLimit()
                try await eventually("the full one takes more again", within: .seconds(30)) {
                    await publisher.publish([message(to: full.name)]) == [.confirmed]
                }
            }
        }
    }
}
