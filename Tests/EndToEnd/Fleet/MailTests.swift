import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetTests {
    private static let from = "Flotilla <fleet@fleet.example>"

    /// The settings by which a worker sends by a mail server, and by the API when that is down.
    func mailSettings(_ server: StandIn?, _ api: StandIn? = nil) -> [String: String] {
        var settings = ["FLOTILLA_MAIL_FROM": Self.from]
        if let server {
            settings["SMTP_URL"] = "smtp://user:pass%20word@localhost:\(server.port)"
            settings["FLOTILLA_SMTP_CA"] = server.folder.appending(path: "ca.pem").path
        }
        if let api {
            settings["MAIL_API_URL"] = "http://127.0.0.1:\(api.port)"
            settings["MAIL_API_KEY"] = "mail-key"
        }
        return settings
    }

    func mailCommands(_ word: String, _ numbers: Range<Int>, to address: (Int) -> String) -> [OutgoingMessage] {
        numbers.map { number in
            let body = #"""
                {"to":"\#(address(number))","template":"message","data":{"title":"\#(word)","body":"\#(number) é 🎟 مرحبا"}}
                """#
            var properties = MessageProperties()
            properties.messageID = "\(word)-\(number)"
            return OutgoingMessage(
                exchange: "fleet.direct",
                routingKey: "notification.email",
                message: Message(properties: properties, body: Array(body.utf8))
            )
        }
    }

    func publish(_ messages: [OutgoingMessage], on fleet: FleetFixture) async throws {
        for message in messages { try await fleet.publish(message) }
    }

    func countedMails(_ word: String, _ status: String, by provider: String? = nil) async throws -> Int {
        // Not the current one, which would start its servers for every look.
        let fleet = try #require(FleetFixture.shared)
        return try await fleet.count(
            """
            SELECT count(*) FROM notifications WHERE subject = $1 AND status = $2 AND coalesce(provider, '') LIKE $3
            """,
            .text(word),
            .text(status),
            .text(provider ?? "%")
        )
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a mail goes out once by the mail server, and one that is refused fails with the server's words`() async throws
    {
        let fleet = try await FleetFixture.current()
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers(settings: mailSettings(server)) { _ in
            for _ in 0..<10 {
                try await publish(mailCommands(word, 0..<20) { "p\($0)@example.com" }, on: fleet)
            }
            try await publish(mailCommands(word, 20..<21) { _ in "say-550-5.1.1-no-such-user@example.com" }, on: fleet)
            try await eventually("the mails are sent") { try await countedMails(word, "sent", by: "smtp") == 20 }
            try await eventually("the refused one has failed") { try await countedMails(word, "failed") == 1 }
            let reason = try await fleet.pool.query(
                SQLStatement("SELECT reason FROM notifications WHERE subject = $1 AND status = 'failed'", [.text(word)])
            )
            #expect(reason.first?.text(0)?.contains("550 5.1.1 no such user") == true)
            try await eventually("its message is a dead letter") {
                try await fleet.count(
                    "SELECT count(*) FROM dead_letters WHERE error_type = 'refused_by_provider' AND error_message LIKE '%no such user%'"
                ) == 1
            }
        }
        #expect(try server.files("mail", ".eml").count == 20)
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `the API takes over from a dead mail server, and when both are dead nothing is lost or spent`() async throws {
        let fleet = try await FleetFixture.current()
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let api = try await StandIn("api-stand-in.py")
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers(settings: mailSettings(server, api)) { workers in
            try await publish(mailCommands(word, 0..<5) { "p\($0)@example.com" }, on: fleet)
            try await eventually("the server takes them") { try await countedMails(word, "sent", by: "smtp") == 5 }
            server.keepFolder()
            try await server.stop()
            try await publish(mailCommands(word, 5..<15) { "p\($0)@example.com" }, on: fleet)
            try await eventually("the API takes them over") {
                try await countedMails(word, "sent", by: "mail-api") == 10
            }

            try api.answer(#"{"status": 503, "headers": {}, "body": {}}"#)
            try await publish(mailCommands(word, 15..<65) { "p\($0)@example.com" }, on: fleet)
            for provider in ["smtp", "mail-api", "email"] {
                try await eventually("the breaker of \(provider) is open") {
                    try await workers[0].sum(of: "flotilla_breaker_open", where: "\"\(provider)\"") == 1
                }
            }
            #expect(try await countedMails(word, "queued") >= 1)
            #expect(try await countedMails(word, "failed") == 0)
            let back = try await StandIn("smtp-server.py", ["starttls"], folder: server.folder, port: server.port)
            try api.answer(nil)
            try await eventually("everything goes out", within: .seconds(120)) {
                try await countedMails(word, "sent") == 65
            }
            #expect(try await workers[0].sum(of: "flotilla_jobs_retried_total") == 0)
            #expect(try await workers[0].sum(of: "flotilla_jobs_dead_lettered_total") == 0)
            let byServer = try back.files("mail", ".eml").count
            let byAPI = try api.files("requests", ".json").count
            #expect(byServer + byAPI == 65, "\(byServer) by the server, \(byAPI) by the API")
        }
    }

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a worker killed between acceptance and record costs one more mail with the same id`() async throws {
        let fleet = try await FleetFixture.current()
        let server = try await StandIn("smtp-server.py", ["starttls"])
        let word = TestServers.uniqueWord()
        try await publish(mailCommands(word, 0..<1) { _ in "ponder@example.com" }, on: fleet)
        let worker = try fleet.worker(settings: mailSettings(server))
        try await eventually("the server has taken it, and has not answered") {
            try server.files("mail", ".eml").count == 1
        }
        worker.process.send(SIGKILL)
        #expect(try await worker.process.waitForEnd() == -SIGKILL)
        try await fleet.withWorkers(settings: mailSettings(server)) { _ in
            try await eventually("the record says sent", within: .seconds(90)) {
                try await countedMails(word, "sent") == 1
            }
        }
        let mails = try server.files("mail", ".eml").map { String(decoding: $0, as: UTF8.self) }
        #expect(mails.count == 2)
        let ids = Set(mails.compactMap { $0.split(separator: "\r\n").first { $0.hasPrefix("Message-ID:") } })
        #expect(ids.count == 1)
    }
}
