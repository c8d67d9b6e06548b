import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

/// A ticket's whole way: requested, made, reported to the core, and scanned.
extension FleetTests {
    private func job(_ word: String, _ count: Int) -> OutgoingMessage {
        let tickets = (0..<count).map { number in
            #"{"ticket_id":"\#(word)-\#(number)","ticket_code":"TKT-\#(number)","guest_name":"Guest \#(number)","type":"standard"}"#
        }
        let body = #"""
            {"job_id":"\#(word)","event_id":456,"tickets":[\#(tickets.joined(separator: ","))],
            "template_data":{"event_title":"Tech Conference 2026","event_date":"2026-06-15T09:00:00Z"}}
            """#
        var properties = MessageProperties()
        properties.messageID = word
        return OutgoingMessage(
            exchange: "fleet.topic",
            routingKey: "ticket.generation.requested",
            message: Message(properties: properties, body: Array(body.utf8))
        )
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `tickets reach the core by one webhook, however often that is sent, and let each guest in once`() async throws
    {
        let fleet = try await FleetFixture.current()
        let receiver = try await StandIn("webhook-receiver.py")
        let word = TestServers.uniqueWord()
        let secret = "whsec_" + Base64.encode(RandomBytes.make(32))
        let core = "http://127.0.0.1:\(receiver.port)/flaky/1"
        let settings = [
            "FLOTILLA_CORE_URL": core, "FLOTILLA_CORE_SECRET": secret,
            "FLOTILLA_TICKETS_FOLDER": fleet.home.path + "/tickets",
        ]
        try await fleet.withWorkers(settings: settings) { _ in
            try await eventually("the core is set up") {
                try await fleet.count(
                    "SELECT count(*) FROM webhook_endpoints WHERE url LIKE $1",
                    .text("\(core)/%")
                ) == 2
            }
            try await fleet.publish(job(word, 20))
            try await eventually("the core has it", within: .seconds(180)) {
                try await fleet.count(
                    """
                    SELECT count(*) FROM webhook_deliveries JOIN webhook_messages AS message ON message.id = message_id
                    WHERE event = 'ticket.completed' AND position($1 IN convert_from(body, 'UTF8')) > 0
                        AND status = 'delivered'
                    """,
                    .text(word)
                ) == 1
            }
            let requests = try ReceivedWebhook.all(receiver, with: word)
            #expect(requests.count == 2 && Set(requests.map { $0.headers["webhook-id"] ?? "" }).count == 1)
            #expect(requests.allSatisfy { $0.isSigned(by: secret) })
            #expect(requests.allSatisfy { $0.path == "/flaky/1/api/internal/ticket-generation-webhook" })
            let reported = try #require(try requests.last?.object())
            #expect(reported["eventType"] as? String == "ticket.completed" && reported["jobId"] as? String == word)
            let data = try #require(reported["data"] as? [String: Any])
            let tickets = data["tickets"] as? [[String: Any]] ?? []
            #expect(Set(tickets.compactMap { $0["ticketId"] as? String }).count == 20 && tickets.count == 20)
            #expect((data["summary"] as? [String: Any])?["successful"] as? Int == 20)
            try await scan(tickets, fleet, settings)
            try await eventually("the core receives the guest", within: .seconds(120)) {
                try ReceivedWebhook.all(receiver, with: word).count { $0.path.hasSuffix("/scan-confirmation") } == 2
            }
            let confirmations = try ReceivedWebhook.all(receiver, with: word).suffix(2)
            #expect(confirmations.allSatisfy { $0.isSigned(by: secret) })
            let confirmation = try #require(try confirmations.last?.object())
            #expect(confirmation["status"] as? String == "validated" && confirmation["operatorId"] as? Int == 123)
        }
    }

    /// Through `flotilla api`: the first ticket twice, and one that nobody made.
    private func scan(_ tickets: [[String: Any]], _ fleet: FleetFixture, _ settings: [String: String]) async throws {
        let port = try FreePort.find()
        let created = try await fleet.home.run("key", "create", "door", "--scopes", "scan")
        let key = created.text.filter { !$0.isWhitespace }
        let api = try WorkerProcess(
            program: TestServers.programs.appending(path: "flotilla"),
            arguments: ["api", "--port", "\(port)"],
            environment: fleet.addresses.merging(["FLOTILLA_QUEUES": FleetFixture.queuesFile]) { $1 }
                .merging(settings) { $1 },
            log: URL(filePath: fleet.home.path + "/api.log")
        )
        func scan(_ code: String) async throws -> [String: Any] {
            let body = #"{"qrCodeData":"\#(code)","eventId":456,"operatorId":123,"location":"North"}"#
            let client = try RawClient(port: port)
            client.send(
                "POST /api/v1/scans/validate HTTP/1.1\r\nHost: test\r\nX-API-Key: \(key)\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let response = try #require(await client.response())
            let object = try JSONSerialization.jsonObject(with: Data(response.body.utf8)) as? [String: Any]
            return object?["data"] as? [String: Any] ?? [:]
        }
        try await eventually("the API listens") { (try? RawClient(port: port)) != nil }
        let code = try #require(tickets.first?["qrCodeData"] as? String)
        let first = try await scan(code)
        #expect(
            first["valid"] as? Bool == true && first["ticketId"] as? String == tickets.first?["ticketId"] as? String
        )
        let second = try await scan(code)
        #expect(second["code"] as? String == "already_used" && second["firstLocation"] as? String == "North")
        let third = try await scan("NOBODY")
        #expect(third["code"] as? String == "not_a_ticket")
        #expect(try await api.stop() == 0)
    }
}
