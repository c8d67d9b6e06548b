import FlotillaModels
import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Glibc
import Testing

extension FleetTests {
    private static let ticketCount = 500

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a worker killed in the middle of 500 tickets leaves each there once, and the core receives it once`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let receiver = try await StandIn("webhook-receiver.py")
        let secret = "whsec_" + Base64.encode(RandomBytes.make(32))
        let word = TestServers.uniqueWord()
        let folder = FileManager.default.temporaryDirectory.appending(path: "tickets.\(word)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = [
            "FLOTILLA_CORE_URL": "http://127.0.0.1:\(receiver.port)", "FLOTILLA_CORE_SECRET": secret,
            "FLOTILLA_TICKETS_FOLDER": folder.path, "FLOTILLA_TICKETS_THREADS": "1",
        ]
        let tickets = (0..<Self.ticketCount).map {
            #"{"ticket_id":"\#(word)-\#($0)","ticket_code":"TKT-\#($0)","guest_name":"Guest \#($0)"}"#
        }
        let body = #"""
            {"job_id":"\#(word)","event_id":456,"tickets":[\#(tickets.joined(separator: ","))],
             "template_data":{"event_title":"Tech Conference 2026","event_date":"2026-06-15T09:00:00Z"}}
            """#
        let worker = try fleet.worker(settings: settings)
        try await worker.waitUntilReady()
        try await fleet.publish(.event("ticket.generation.requested", id: "\(word)-job", body))
        let made = "SELECT count(*) FROM generated_tickets WHERE job_id = $1"
        try await eventually("some tickets are made", every: .milliseconds(5)) {
            try await fleet.count(made, .text(word)) > 0
        }
        worker.process.send(SIGKILL)
        #expect(try await worker.process.waitForEnd() == -SIGKILL)
        let before = try await fleet.count(made, .text(word))
        #expect((1..<Self.ticketCount).contains(before))

        try await fleet.withWorkers(settings: settings) { _ in
            try await eventually("the job is done", within: .seconds(120)) {
                try await fleet.count(
                    "SELECT count(*) FROM ticket_generation_jobs WHERE id = $1 AND status = 'completed'",
                    .text(word)
                ) == 1
            }
            try await eventually("the core has heard of it") {
                try ReceivedWebhook.all(receiver, with: word).count == 1
            }
            try await eventually("nothing is left to say") {
                try await fleet.count("SELECT count(*) FROM webhook_deliveries WHERE status = 'queued'") == 0
            }
        }
        #expect(try await fleet.count(made, .text(word)) == Self.ticketCount)
        #expect(
            try await fleet.count("SELECT count(*) FROM ticket_generation_logs WHERE job_id = $1", .text(word))
                == Self.ticketCount
        )
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        #expect(files.count { $0.hasSuffix(".pdf") } == Self.ticketCount)

        let webhooks = try ReceivedWebhook.all(receiver, with: word)
        #expect(webhooks.count == 1)
        let webhook = try #require(webhooks.first)
        #expect(webhook.isSigned(by: secret))
        let reported = try JSONValue(webhook.body)
        #expect(reported["jobId"] == .string(word))
        #expect(reported["data"]?["summary"]?["successful"] == .number("500"))
        guard case .array(let list)? = reported["data"]?["tickets"] else {
            throw TestSetupError(description: "the webhook has no tickets")
        }
        #expect(Set(list.compactMap { $0["qrCodeData"] }).count == Self.ticketCount)
    }

    @Test(.timeLimit(.minutes(5)))
    func `a ticket can be listed, shown, and checked from its file, online and offline`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let folder = FileManager.default.temporaryDirectory.appending(path: "tickets.\(word)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let settings = ["FLOTILLA_TICKETS_FOLDER": folder.path]
        func run(_ words: String...) async throws -> TestHome.Output {
            try await fleet.home.run(["ticket"] + words, environment: settings)
        }
        let body = """
            {"job_id":"\(word)","event_id":456,"template_data":{"event_title":"Tech Conference 2026"},
             "tickets":[{"ticket_id":"\(word)","ticket_code":"TKT-1","guest_name":"Zoé Dupont","type":"vip"}]}
            """
        try await fleet.withWorkers(settings: settings) { _ in
            try await fleet.publish(.event("ticket.generation.requested", id: "\(word)-job", body))
            try await eventually("the ticket is made") {
                try await fleet.count("SELECT count(*) FROM generated_tickets WHERE ticket_id = $1", .text(word)) == 1
            }
        }
        let list = try await run("list", "--job", word, "--output", "json")
        #expect(list.status == 0 && list.text.contains("Zoé Dupont"))
        let shown = try await run("show", word, "--output", "json")
        let ticket = try JSONValue(Array(shown.text.utf8))
        #expect(ticket["template"] == .string("vip"))
        let token = try #require(ticket["token"]?.text)
        let file = folder.appending(path: try #require(ticket["filePath"]?.text)).path

        let keys = folder.appending(path: "keys.json")
        let exported = try await run("key", "export")
        try Data(exported.text.utf8).write(to: keys)
        for words in [[token], [file], [token, "--keys", keys.path], [file, "--keys", keys.path]] {
            let verified = try await fleet.home.run(["ticket", "verify"] + words + ["--output", "json"])
            #expect(verified.status == 0, "\(words): \(verified.messages)")
            let answer = try JSONValue(Array(verified.text.utf8))
            #expect(answer["valid"] == .boolean(true))
            #expect(answer["ticketId"] == .string(word))
        }
        let forged = try await run(
            "verify",
            String(token.dropLast(8)) + "AAAAAAAA",
            "--keys",
            keys.path,
            "--output",
            "json"
        )
        #expect(forged.status == 1 && forged.text.contains("forged"))
        let specimen = try await run("preview", folder.appending(path: "specimen.pdf").path, "--template", "badge")
        #expect(specimen.status == 0)
        let refused = try await run("verify", folder.appending(path: "specimen.pdf").path)
        #expect(refused.status == 1)
        let missing = try await run("verify", folder.appending(path: "none.pdf").path)
        #expect(missing.status == 1 && missing.messages.contains("there is no file"))
    }
}
