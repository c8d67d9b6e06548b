import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    /// The queues of the fleet, with deliveries that are retried sooner and less often.
    private func impatientQueues() throws -> String {
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
            .replacingOccurrences(of: "attempts: 5, base: 5s", with: "attempts: 3, base: 200ms")
        let path = FileManager.default.temporaryDirectory.appending(path: "queues.\(UUID().uuidString).yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func expectPoisonToFailAlone(
        _ settings: [String: String],
        to address: String,
        because reason: String
    ) async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let queues = try impatientQueues()
        defer { try? FileManager.default.removeItem(atPath: queues) }
        let before = fleet.log().count
        try await fleet.withWorkers(settings: settings.merging(["FLOTILLA_QUEUES": queues]) { $1 }) { workers in
            try await publish(mailCommands(word, 0..<1) { _ in address }, on: fleet)
            for round in 0..<10 {
                try await publish(
                    mailCommands(word, round * 10 + 1..<round * 10 + 11) { "p\($0)@example.com" },
                    on: fleet
                )
                try await eventually("the others are sent") {
                    try await countedMails(word, "sent") == round * 10 + 10
                }
            }
            try await eventually("the one has failed") { try await countedMails(word, "failed") == 1 }
            let found = try await fleet.pool.query(
                SQLStatement("SELECT reason FROM notifications WHERE subject = $1 AND status = 'failed'", [.text(word)])
            )
            #expect(found.first?.text(0)?.contains(reason) == true, "\(found.first?.text(0) ?? "")")
            try await eventually("its message is a dead letter") {
                try await fleet.count(
                    """
                    SELECT count(*) FROM dead_letters WHERE error_type = 'deferred_by_provider' AND message_id IN (
                        SELECT id FROM notifications WHERE subject = $1)
                    """,
                    .text(word)
                ) == 1
            }
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 2)
        }
        #expect(!fleet.log().dropFirst(before).contains("breaker opened"))
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a mail that makes its server hang up fails by itself, and holds nobody back`() async throws {
        let server = try await StandIn("smtp-server.py", ["starttls"])
        try await expectPoisonToFailAlone(mailSettings(server), to: "drop@example.com", because: "localhost")
        #expect(try server.files("mail", ".eml").count == 100)
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a mail that an API answers with 500 fails by itself, and holds nobody back`() async throws {
        let api = try await StandIn("api-stand-in.py")
        try api.answer(#"{"status": 500, "only": "poison@example.com"}"#)
        try await expectPoisonToFailAlone(mailSettings(nil, api), to: "poison@example.com", because: "status 500")
        #expect(try api.files("requests", ".json").count == 100)
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a restart of Postgres while mails go out sends none of them twice`() async throws {
        let fleet = try await FleetFixture.current()
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers(settings: mailSettings(server)) { workers in
            try await publish(mailCommands(word, 0..<400) { "p\($0)@example.com" }, on: fleet)
            for taken in [40, 150] {
                try await eventually("mails are on their way") { try server.files("mail", ".eml").count >= taken }
                try await fleet.home.succeed("services", "stop", "--only", "postgres")
                try await fleet.home.succeed("services", "start", "--only", "postgres")
            }
            try await eventually("all are sent", within: .seconds(120)) {
                (try? await countedMails(word, "sent")) == 400
            }
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
        }
        let mails = try server.files("mail", ".eml").map { String(decoding: $0, as: UTF8.self) }
        let ids = mails.compactMap { $0.split(separator: "\r\n").first { $0.hasPrefix("Message-ID:") } }
        #expect(Set(ids).count == 400)
        #expect(ids.count == 400, "\(ids.count - 400) copies")
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(8)))
    func `a mail server that accepts and says nothing is out, and no mail pays for it`() async throws {
        let fleet = try await FleetFixture.current()
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers(settings: mailSettings(server)) { workers in
            try await publish(mailCommands(word, 0..<8) { "p\($0)@example.com" }, on: fleet)
            try await eventually("mails go out") { try await countedMails(word, "sent") == 8 }
            server.suspend()
            try await publish(mailCommands(word, 8..<60) { "p\($0)@example.com" }, on: fleet)
            try await eventually("the breaker is open", within: .seconds(120)) {
                try await workers[0].sum(of: "flotilla_breaker_open", where: "\"smtp\"") == 1
            }
            server.resume()
            try await eventually("everything goes out", within: .seconds(120)) {
                try await countedMails(word, "sent") == 60
            }
            for metric in ["retried", "dead_lettered", "timed_out"] {
                let count = try await workers[0].sum(of: "flotilla_jobs_\(metric)_total")
                #expect(count == 0, "\(metric)")
            }
        }
        #expect(try server.files("mail", ".eml").count == 60)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a notification whose delivery is a dead letter has failed, and goes out when it is sent back`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let folder = FileManager.default.temporaryDirectory.appending(path: "mail.\(word)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = ["FLOTILLA_MAIL_FOLDER": folder]
        let body = #"""
            {"to":"a@example.com","template":"message","data":{"title":"\#(word)","body":"B"},
             "options":{"scheduledAt":"2999-01-01T00:00:00Z"}}
            """#
        var command = Message(properties: MessageProperties(), body: Array(body.utf8))
        command.properties.messageID = word
        try await fleet.withWorkers(settings: settings) { _ in
            try await fleet.publish(
                OutgoingMessage(exchange: "fleet.direct", routingKey: "notification.email", message: command)
            )
            try await eventually("it is planned") { try await countedMails(word, "queued") == 1 }
            let rows = try await fleet.pool.query(
                SQLStatement("SELECT id FROM notifications WHERE subject = $1", [.text(word)])
            )
            let id = try #require(rows.first?.text(0))
            var deliveryMessage = Message(
                properties: MessageProperties(),
                headers: ["error-type": "timeout", "error-message": "took too long"],
                body: Array(#"{"notificationId":"\#(id)"}"#.utf8)
            )
            deliveryMessage.properties.messageID = id
            try await fleet.publish(
                OutgoingMessage(exchange: "", routingKey: "dlq.notification.deliver.email", message: deliveryMessage)
            )
            try await eventually("it has failed") { try await countedMails(word, "failed") == 1 }
            try await fleet.home.succeed("dlq", "requeue", "--filter", id, "--yes")
            try await eventually("it is sent") { try await countedMails(word, "sent") == 1 }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }

    @Test(.timeLimit(.minutes(2)))
    func `a worker that sends nothing needs no templates, and one that sends names what is wrong`() async throws {
        let fleet = try await FleetFixture.current()
        let settings = ["FLOTILLA_TEMPLATES": "/nowhere"]
        let worker = try fleet.worker(settings: settings, options: ["--only", "audit,quota"])
        try await worker.waitUntilReady()
        #expect(try await worker.process.stop() == 0)
        let sender = try fleet.worker(settings: settings, options: ["--only", "audit,notifications"])
        #expect(try await sender.process.waitForEnd() == 2)
    }
}
