import FlotillaMessaging
import FlotillaModels
import FlotillaOutbound
import FlotillaTelemetry
import FlotillaTestSupport
@testable import FlotillaWebhooks
@testable import Workers
import Foundation
import Testing

/// Deliveries through the real runtime, broker and delay ladder.
@Suite(.enabled(if: TestServers.areAvailable && StandIn.isAvailable), .serialized)
struct WebhookFleetTests {
    @Test func `one endpoint that hangs takes nothing from another`() async throws {
        try await with { fixture in
            try await fixture.add("hanging", "/hang", events: ["hanging"])
            try await fixture.add("healthy", "/healthy", events: ["healthy"])
            for _ in 0..<40 {
                try await fixture.post("hanging")
                try await fixture.post("healthy")
            }
            try await eventually("all of the healthy endpoint's webhooks are delivered") {
                try await delivered(fixture) == 40
            }
            // Had the hanging ones taken the 16 places of the queue, more than its four would have come by now.
            let hanging = try fixture.requests().count { $0.path == "/hang" }
            #expect((1...4).contains(hanging))
            let states = try await fixture.strings("SELECT DISTINCT attempts::text FROM webhook_deliveries ORDER BY 1")
            #expect(states == ["0", "1"])
        }
    }

    @Test func `what an endpoint missed while it was down arrives when it is back, each once`() async throws {
        try await with { fixture in
            try await fixture.add("core", "/core")
            let endpoint = try await fixture.endpoints.list()[0].id
            fixture.receiver.keepFolder()
            try await fixture.receiver.stop()
            for number in 0..<20 { try await fixture.post("ticket.completed", #"{"n":\#(number)}"#) }
            try await eventually("its breaker opens") { fixture.limiters.isOpen(endpoint) }
            let back = try await StandIn(
                "webhook-receiver.py",
                folder: fixture.receiver.folder,
                port: fixture.receiver.port
            )
            try await eventually("all are delivered") { try await delivered(fixture) == 20 }
            let requests = try fixture.requests()
            #expect(Set(requests.map(\.body)).count == 20 && requests.count == 20)
            #expect(Set(requests.map { $0.headers["webhook-id"] ?? "" }).count == 20)
            // Most have waited without spending an attempt.
            let attempts = try await fixture.strings("SELECT sum(attempts)::text FROM webhook_deliveries")
            #expect((Int(attempts[0]) ?? 0) < 40)
            _ = back
        }
    }

    @Test func `a shutdown in the middle of a request leaves the webhook to be sent again`() async throws {
        try await with { fixture in
            try await fixture.add("core", "/hang")
            try await fixture.post()
            try await eventually("the request is there") { try fixture.requests().count == 1 }
        } afterwards: { fixture in
            let states = try await fixture.strings("SELECT status FROM webhook_deliveries")
            #expect(states == ["queued"])
        }
    }

    private func delivered(_ fixture: WebhookFixture) async throws -> Int {
        let count = try await fixture.strings(
            "SELECT count(*)::text FROM webhook_deliveries WHERE status = 'delivered'"
        )
        return Int(count[0]) ?? 0
    }

    private func with(
        _ body: (WebhookFixture) async throws -> Void,
        afterwards check: (WebhookFixture) async throws -> Void = { _ in }
    ) async throws {
        try await TestBroker.with { broker in
            let receiver = try await StandIn("webhook-receiver.py")
            try await TestDatabase.with(size: 8, migrated: true) { database in
                var queue = broker.queue("deliver")
                queue.worker = WebhookDeliveryWorker.name
                queue.bindings = [QueueBinding(exchange: "\(broker.name).direct", key: "webhook.deliver")]
                queue.concurrency = 16
                queue.prefetch = 200
                queue.retry = RetryPolicy(attempts: 10, base: .milliseconds(100), factor: 1)
                let topology = broker.topology([queue], levels: 15)
                _ = try await broker.deployment(of: topology).apply()
                let fixture = try WebhookFixture(database.pool, receiver, topology: topology)
                let folder = FileManager.default.temporaryDirectory.appending(path: "webhooks.\(UUID().uuidString)")
                let log = Log(service: "test", threshold: .error, descriptor: -1)
                let fleet = try Fleet(
                    FleetConfiguration(
                        topology: topology,
                        rabbitMQ: try TestServers.url("RABBITMQ_URL"),
                        postgres: database.url,
                        stateFolder: folder.path,
                        drain: .milliseconds(100),
                        log: log
                    )
                )
                try fleet.register(fixture.worker)
                let running = Task { try await fleet.run() }
                let result: Result<Void, any Error>
                do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
                fleet.shutdown()
                try await running.value
                try? FileManager.default.removeItem(at: folder)
                do { try result.get(); try await check(fixture) } catch { await fixture.engine.close(); throw error }
                await fixture.engine.close()
            }
        }
    }
}
