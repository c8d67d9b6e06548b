@testable import FlotillaAudit
@testable import FlotillaErasure
@testable import FlotillaNotifications
import FlotillaStorage
import FlotillaTestSupport
@testable import Workers
import Foundation
import Testing

/// Addresses and numbers that several people have, or nobody who is known by an id.
extension ForgetTests {
    @Test func `others with the same address are named, and forgotten when that is wanted`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            let inputs = [
                AuditPrivacyTests.input("a", "user.created", #"{"userId":"z-1","email":"zoe.l@example.com"}"#),
                AuditPrivacyTests.input(
                    "b",
                    "ticket.completed",
                    #"{"guestId":"g","guestName":"Zoé Lindqvist","guestEmail":"zoe.l@example.com"}"#
                ),
            ]
            #expect(await harness.handle(inputs).areDone)
            let dryRun = try await Self.erasure(database.pool).forget("z-1", by: nil)
            #expect(dryRun.linked == ["guest:g"])
            #expect(dryRun.sharing.hasPrefix("guest:g shares an address"))
            // Afterwards nothing would link them.
            await #expect(throws: AuditError.self) {
                try await Self.erasure(database.pool).forget("z-1", by: Self.request)
            }
            let report = try await Self.erasure(database.pool).forget("z-1", linked: .included, by: Self.request)
            #expect(report.subjects.contains("guest:g") && report.subjects.contains("user:z-1") && report.linked == [])
        }
    }

    @Test func `others with the same address who are left alone keep their keys`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            let inputs = [
                AuditPrivacyTests.input("a", "user.created", #"{"userId":"z-1","email":"zoe.l@example.com"}"#),
                AuditPrivacyTests.input("b", "ticket.completed", #"{"guestId":"g","guestEmail":"zoe.l@example.com"}"#),
            ]
            #expect(await harness.handle(inputs).areDone)
            let report = try await Self.erasure(database.pool).forget("z-1", linked: .leftAlone, by: Self.request)
            #expect(report.linked == ["guest:g"] && !report.subjects.contains("guest:g"))
            let later = try await Self.erasure(database.pool).forget("guest:g", by: Self.request)
            #expect(later.subjects.contains("guest:g"))
        }
    }

    @Test func `notifications to an address, and words about it, can be forgotten by the address and by its user`()
        async throws
    {
        for subject in ["zoe.l@example.com", "user:z-1"] {
            try await TestDatabase.with(migrated: true) { database async throws in
                let harness = try AuditWorkerTests.harness(database.pool)
                func outcome(_ recipient: String, _ reason: String?) -> [UInt8] {
                    NotificationOutcome(
                        notificationID: "n",
                        channel: .email,
                        template: "t",
                        recipient: recipient,
                        reason: reason
                    ).event.body
                }
                let about = #"{"userId":"z-1","email":"Zoe.L@example.com"}"#
                let bodies: [(event: String, body: [UInt8])] = [
                    ("user.created", Array(about.utf8)),
                    (NotificationOutcome.sent, outcome(RecipientKey.address("Zoe.L@example.com").text, nil)),
                    (NotificationOutcome.failed, outcome("address:zoe.l@example.com", "no zoe.l@example.com here")),
                    (NotificationOutcome.failed, outcome("user:z-1", "no zoe.l@example.com here")),
                    ("profile.viewed", Array(#"{"note":"zoe.l@example.com wants"}"#.utf8)),
                    (NotificationOutcome.sent, outcome("address:other@example.com", nil)),
                ]
                let inputs = bodies.enumerated().map {
                    AuditPrivacyTests.input("m-\($0)", $1.event, String(decoding: $1.body, as: UTF8.self))
                }
                #expect(await harness.handle(inputs).areDone)
                func shown() async throws -> String {
                    let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
                    let entries = try await log.page(AuditFilter(), reveals: true).entries
                    return entries.map { String(decoding: $0.record.body, as: UTF8.self).lowercased() }.joined()
                }
                let before = try await shown()
                #expect(before.split(separator: "zoe.l@").count == 7)
                let report = try await Self.erasure(database.pool).forget(subject, linked: .included, by: Self.request)
                #expect(!report.subjects.isEmpty)
                let after = try await shown()
                #expect(!after.contains("zoe.l") && after.contains(#""recipient":"address:other@example.com""#))
                #expect(after.contains(#""recipient":"user:z-1""#))
            }
        }
    }

    @Test func `a number that nobody else is known by can be forgotten, however it is written`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let body = #"{"notificationId":"n","type":"sms","recipient":"address:+33687654321"}"#
            let inputs = [AuditPrivacyTests.input("m", NotificationOutcome.sent, body)]
            #expect(try await AuditWorkerTests.harness(database.pool).handle(inputs).areDone)
            _ = try await database.pool.pipeline([
                SQLStatement("INSERT INTO notification_requests (id, template, data) VALUES ('r', 't', '{}')"),
                SQLStatement(
                    """
                    INSERT INTO notifications (id, request_id, channel, template, category, recipient, address, language,
                        subject, status)
                    VALUES ('n', 'r', 'sms', 't', 'x', 'address:+33687654321', '+33687654321', 'fr', 'S', 'sent')
                    """
                ),
            ])
            #expect(try await places(database.pool).count > 1)
            let report = try await Self.erasure(database.pool).forget("+33 6 87 65 43 21", by: Self.request)
            #expect(report.subjects.count == 1)
            #expect(try await places(database.pool) == [])
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            let entries = try await log.page(AuditFilter(), .oldestFirst, reveals: true).entries
            let shown = entries.first.map { String(decoding: $0.record.body, as: UTF8.self) }
            #expect(shown == #"{"notificationId":"n","type":"sms","recipient":"forgotten"}"#)
        }
    }
}
