import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetTests {
    /// Hands in a webhook for the core, as a worker's transaction does.
    private func post(_ body: String, on fleet: FleetFixture) async throws -> String {
        let (id, delivery) = ("msg_" + TestServers.uniqueWord(), UUIDv7.make())
        var deliveryMessage = Message(body: Array(#"{"deliveryId":"\#(delivery)"}"#.utf8))
        deliveryMessage.properties.messageID = delivery
        _ = try await fleet.pool.pipeline([
            SQLStatement(
                "INSERT INTO webhook_messages (id, event, body) VALUES ($1, 'ticket.completed', $2)",
                [.text(id), .bytes(Array(body.utf8))]
            ),
            SQLStatement(
                """
                INSERT INTO webhook_deliveries (id, message_id, endpoint_id)
                SELECT $1, $2, id FROM webhook_endpoints WHERE name = 'core-tickets'
                """,
                [.text(delivery), .text(id)]
            ),
            Outbox.insert([
                OutgoingMessage(exchange: "fleet.direct", routingKey: "webhook.deliver", message: deliveryMessage)
            ]),
        ])
        return id
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a worker killed in the middle of a webhook sends it again with the same id`() async throws {
        let fleet = try await FleetFixture.current()
        let receiver = try await StandIn("webhook-receiver.py")
        let word = TestServers.uniqueWord()
        let secret = "whsec_" + Base64.encode(RandomBytes.make(32))
        let settings = [
            "FLOTILLA_CORE_URL": "http://127.0.0.1:\(receiver.port)/hang/1", "FLOTILLA_CORE_SECRET": secret,
        ]
        let worker = try fleet.worker(settings: settings)
        try await worker.waitUntilReady()
        try await eventually("the core is set up") {
            try await fleet.count(
                "SELECT count(*) FROM webhook_endpoints WHERE url LIKE $1",
                .text("\(settings["FLOTILLA_CORE_URL"] ?? "")%")
            ) == 2
        }
        let body = #"{"jobId":"\#(word)"}"#
        let id = try await post(body, on: fleet)
        try await eventually("the request is there") { try ReceivedWebhook.all(receiver, with: word).count == 1 }
        worker.process.send(SIGKILL)
        #expect(try await worker.process.waitForEnd() == -SIGKILL)
        try await fleet.withWorkers(settings: settings) { _ in
            try await eventually("the webhook is delivered", within: .seconds(120)) {
                try await fleet.count(
                    "SELECT count(*) FROM webhook_deliveries WHERE message_id = $1 AND status = 'delivered'",
                    .text(id)
                ) == 1
            }
        }
        let requests = try ReceivedWebhook.all(receiver, with: word)
        #expect(requests.count == 2)
        #expect(requests.allSatisfy { $0.headers["webhook-id"] == id && $0.isSigned(by: secret) })
        #expect(requests.allSatisfy { $0.body == Array(body.utf8) })
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(2)))
    func `the webhook commands do what their help says`() async throws {
        let fleet = try await FleetFixture.current()
        let receiver = try await StandIn("webhook-receiver.py")
        let name = TestServers.uniqueWord()
        let environment = [
            "FLOTILLA_WEBHOOK_ALLOW_PRIVATE": "127.0.0.1:\(receiver.port)",
            "FLOTILLA_MASTER_KEY": Base64.encode(RandomBytes.make(32)),
        ]
        func run(_ words: String...) async throws -> TestHome.Output {
            try await fleet.home.run(["webhook"] + words, environment: environment)
        }
        let refused = try await run("add", name, "http://2130706433/", "--events", "*")
        #expect(refused.status == 2 && refused.messages.contains("unusual spelling") && refused.text.isEmpty)
        let inside = try await run("add", name, "http://127.0.0.1:1/", "--events", "*")
        #expect(inside.status == 2 && inside.messages.contains("FLOTILLA_WEBHOOK_ALLOW_PRIVATE"))
        let added = try await run("add", name, "http://127.0.0.1:\(receiver.port)/echo", "--events", "none.*")
        let secret = added.text.filter { !$0.isWhitespace }
        #expect(added.status == 0 && secret.hasPrefix("whsec_"))
        #expect(added.messages.contains("never sends none.*") && added.messages.contains("ticket.completed"))
        let tested = try await run("test", name, "--output", "json")
        #expect(tested.status == 0 && tested.text.contains(#""delivered" : true"#))
        let request = try #require(try ReceivedWebhook.all(receiver).first)
        #expect(request.isSigned(by: secret))
        let log = try await run("log", name)
        #expect(log.status == 0 && log.text.contains("webhook.test") && log.text.contains("delivered"))
        let list = try await run("list", "--output", "json")
        #expect(list.text.contains(name) && !list.text.contains("whsec_"))
        let rotated = try await run("rotate", name, "--overlap", "0s")
        #expect(rotated.status == 0 && rotated.text.hasPrefix("whsec_") && !rotated.text.contains(secret))
        try await checkMissed(by: name, fleet, run)
        let unsure = try await run("remove", name)
        #expect(unsure.status == 2)
        let removed = try await run("remove", name, "--yes")
        #expect(removed.status == 0)
        let gone = try await run("test", name)
        #expect(gone.status == 1 && gone.messages.contains("flotilla webhook list"))
    }

    /// `enable --since` sends what was handed in while the endpoint was disabled.
    private func checkMissed(
        by name: String,
        _ fleet: FleetFixture,
        _ run: (String...) async throws -> TestHome.Output
    ) async throws {
        _ = try await run("disable", name)
        let delivery = UUIDv7.make()
        _ = try await fleet.pool.pipeline([
            SQLStatement(
                "INSERT INTO webhook_messages (id, event, body) VALUES ($1, 'ticket.completed', $2)",
                [.text("msg_\(name)"), .bytes(Array("{}".utf8))]
            ),
            SQLStatement(
                """
                INSERT INTO webhook_deliveries (id, message_id, endpoint_id, status)
                SELECT $1, $2, id, 'missed' FROM webhook_endpoints WHERE name = $3
                """,
                [.text(delivery), .text("msg_\(name)"), .text(name)]
            ),
        ])
        let enabled = try await run("enable", name)
        #expect(enabled.status == 0 && enabled.messages.contains("--since TIME"), "\(enabled.messages)")
        let sent = try await run("enable", name, "--since", "1h")
        #expect(sent.status == 0 && sent.messages.contains("1 missed webhook is on its way"), "\(sent.messages)")
        let status = try await fleet.pool.query(
            SQLStatement("SELECT status FROM webhook_deliveries WHERE id = $1", [.text(delivery)])
        )
        #expect(status.first?.text(0) == "queued")
        #expect(!sent.messages.contains("dlq requeue"))
        _ = try await fleet.pool.pipeline([
            SQLStatement(
                "UPDATE webhook_deliveries SET status = 'failed', reason = $2 WHERE id = $1",
                [.text(delivery), .text("the endpoint \(name) is disabled: moved")]
            ),
            SQLStatement(
                """
                INSERT INTO dead_letters (filing_key, queue, message_id, exchange, routing_key, properties, headers, body)
                VALUES ($1, 'webhook.deliver', $1, '', '', '{}', '{}', '')
                """,
                [.text(delivery)]
            ),
        ])
        let dead = try await run("enable", name, "--since", "1h")
        #expect(
            dead.messages.contains("0 missed webhooks are on their way") && dead.messages.contains("1 is a dead letter")
                && dead.messages.contains(
                    "flotilla dlq requeue --queue webhook.deliver --type webhook_endpoint_disabled "
                        + "--filter 'the endpoint \(name) is disabled:' --yes"
                ),
            "\(dead.messages)"
        )
    }
}
