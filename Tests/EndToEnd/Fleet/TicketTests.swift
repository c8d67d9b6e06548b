import Foundation
import Glibc
import Models
import Platform
import Storage
import TestSupport
import Testing

extension FleetTests {
    private static let ticketCount = 500

    @Test(.enabled(if: StandIn.isAvailable), .timeLimit(.minutes(5)))
    func `a worker killed in the middle of 500 tickets leaves each there once, and the core hears of it once`()
        async throws
    {
        let fleet = try await FleetHome.current()
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
        let told = try JSONValue(webhook.body)
        #expect(told["jobId"] == .string(word))
        #expect(told["data"]?["summary"]?["successful"] == .number("500"))
        guard case .array(let list)? = told["data"]?["tickets"] else {
            throw TestSetupError(description: "the webhook has no tickets")
        }
        #expect(Set(list.compactMap { $0["qrCodeData"] }).count == Self.ticketCount)
    }
}
