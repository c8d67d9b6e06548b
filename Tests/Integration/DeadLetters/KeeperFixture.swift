import FlotillaDeadLetters
import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import FlotillaTestSupport
import Foundation
import Testing

/// A broker with one queue or more, a database, and what stands between them.
struct KeeperFixture: Sendable {
    let broker: TestBroker
    let rabbit: RabbitMQBroker
    let database: TestDatabase
    let topology: Topology
    let queue: QueueDefinition
    let log = Log(service: "test", threshold: .error)

    var store: DeadLetterStore { DeadLetterStore(database.pool) }
    var sweep: DeadLetterSweep {
        DeadLetterSweep(topology: topology, broker: rabbit, store: store, observers: [], log: log)
    }

    static func with(
        _ events: [String] = ["a"],
        change: (inout QueueDefinition) -> Void = { _ in },
        _ body: (KeeperFixture) async throws -> Void
    ) async throws {
        try await TestBroker.with { broker in
            try await TestDatabase.with(migrated: true) { database in
                let queues = events.map { event in
                    var queue = broker.queue(event, key: "profile.viewed")
                    change(&queue)
                    return queue
                }
                let topology = broker.topology(queues)
                try await broker.deploy(topology)
                let rabbit = RabbitMQBroker(broker.configuration)
                try await rabbit.closing {
                    try await body(
                        KeeperFixture(
                            broker: broker,
                            rabbit: rabbit,
                            database: database,
                            topology: topology,
                            queue: queues[0]
                        )
                    )
                }
            }
        }
    }

    func publish(_ messages: [OutgoingMessage]) async throws {
        let publisher = try await rabbit.publisher(named: "test")
        let results = await publisher.publish(messages)
        #expect(results.filter { !$0.isConfirmed }.isEmpty)
        await publisher.close()
    }

    /// As the runtime dead-letters a message after its last attempt.
    func deadLettered(
        _ message: Message,
        in queue: QueueDefinition? = nil,
        error: String = "no answer from host 17",
        at time: String? = nil
    ) -> OutgoingMessage {
        let delivery = Delivery(
            message: message,
            queue: (queue ?? self.queue).name,
            exchange: topology.events.name,
            routingKey: "profile.viewed",
            isRedelivered: false,
            token: DeliveryToken(epoch: 1, tag: 1)
        )
        return FailedDelivery(
            delivery: delivery,
            messageID: message.properties.messageID ?? UUID().uuidString,
            failure: Failure(type: "timeout", message: error, isPermanent: false),
            failures: 3,
            maxAttempts: 3,
            worker: "host-1",
            failedAt: time ?? "2026-01-30T03:00:00.000Z"
        ).deadLettered()
    }

    func message(_ id: String, body: [UInt8] = Array(#"{"a":1}"#.utf8)) -> Message {
        var message = Message(headers: ["tenant": .table(["blob": .bytes([0, 255])]), "nul": "a\u{0}b"], body: body)
        message.properties.messageID = id
        message.properties.correlationID = "c-\(id)"
        message.properties.expiration = "60000"
        return message
    }

    /// Publishes what the outbox holds, as the relay does.
    func relay() async throws {
        let claimed = try await database.pool.pipeline(Outbox.claim(limit: 1_000)).flatMap { Outbox.claimed($0) }
        try await publish(try claimed.map { try $0.message.get() })
        _ = try await database.pool.pipeline(Outbox.confirmed(claimed))
    }
}
