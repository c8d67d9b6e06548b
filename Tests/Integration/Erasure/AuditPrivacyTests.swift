@testable import FlotillaAudit
import FlotillaModels
@testable import FlotillaPlatform
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestDatabase.isAvailable))
struct AuditPrivacyTests {
    static let ann = """
        {"userId" : "u-1","email":"ann.lee@example.com", "firstName":"Ann","lastName":"Lee","n":1.0,
         "address":{"street":"12 rue de la Paix","city":"Paris"},"plan":"pro"}
        """

    static func input(_ id: String, _ event: String = "user.created", _ body: String = ann) -> HandlerHarness.Input {
        HandlerHarness.Input(id: id, event: event, body: body)
    }

    func bodies(_ pool: PostgresPool) async throws -> [(messageID: String, body: [UInt8])] {
        try await pool.query(SQLStatement("SELECT message_id, body FROM audit_logs ORDER BY recorded_at, sequence"))
            .map { ($0.text(0) ?? "", $0.bytes(1) ?? []) }
    }

    @Test func `nothing personal stands in the row, and with the key it comes back byte for byte`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            #expect(try await AuditWorkerTests.harness(database.pool).handle([Self.input("m-1")]).areDone)
            let stored = try await bodies(database.pool)
            let text = String(decoding: stored[0].body, as: UTF8.self)
            for word in ["ann.lee", "Ann", "Lee", "Paix", "Paris"] { #expect(!text.contains(word)) }
            #expect(text.contains(#""userId" : "u-1""#) && text.contains(#""plan":"pro""#))
            let privacy = try AuditWorkerTests.privacy(database.pool)
            let revealed = try await privacy.reveal(stored)
            #expect(revealed[0].body == Array(Self.ann.utf8) && revealed[0].disclosure == .revealed)
            let sealed = try await privacy.reveal(stored, isAllowed: false)
            #expect(sealed[0].disclosure == .sealed)
            #expect(String(decoding: sealed[0].body, as: UTF8.self).contains(#""email":"sealed""#))
            #expect(try await AuditVerification(database.pool).run().isIntact)
        }
    }

    @Test func `a sealed value opens in its own row and under its own field only`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let body = #"{"userId":"u","email":"a@b.cd","phone":"33612345678"}"#
            #expect(
                try await AuditWorkerTests.harness(database.pool).handle([Self.input("m", "user.created", body)])
                    .areDone
            )
            var stored = try await bodies(database.pool)
            let privacy = try AuditWorkerTests.privacy(database.pool)
            let value = try #require(JSONValue(stored[0].body)["email"]?.plainText)
            let phone = try #require(JSONValue(stored[0].body)["phone"]?.plainText)
            stored[0].body = Array(#"{"email":"\#(phone)","phone":"\#(value)"}"#.utf8)
            #expect(try await privacy.reveal(stored)[0].body == stored[0].body)
            stored[0].body = Array(#"{"email":"\#(value)"}"#.utf8)
            #expect(try await privacy.reveal(stored)[0].body == Array(#"{"email":"a@b.cd"}"#.utf8))
            stored[0].messageID = "other"
            #expect(try await privacy.reveal(stored)[0].body == stored[0].body)
        }
    }

    @Test func `many processes that meet a person for the first time agree on one key`() async throws {
        try await TestDatabase.with(size: 8, migrated: true) { database async throws in
            try await withThrowingTaskGroup { group in
                for process in 0..<8 {
                    group.addTask { () async throws in
                        let harness = try AuditWorkerTests.harness(database.pool)
                        for round in 0..<5 {
                            #expect(await harness.handle([Self.input("m-\(process)-\(round)")]).areDone)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.count("SELECT count(*) FROM audit_subjects") == 1)
            #expect(try await database.count("SELECT count(*) FROM audit_secrets") == 1)
            let revealed = try await AuditWorkerTests.privacy(database.pool).reveal(try await bodies(database.pool))
            #expect(revealed.count == 40 && revealed.allSatisfy { $0.body == Array(Self.ann.utf8) })
        }
    }

    @Test func `a new master key opens what an old one wrapped, and the old one can go after the rotation`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database async throws in
            let (old, new) = (MasterKeys.generate(), MasterKeys.generate())
            let first = AuditPrivacy(database.pool, masters: try MasterKeyring { try MasterKeys(old) })
            let harness = HandlerHarness(AuditWorker(privacy: first), queue: "audit.all", database.pool)
            #expect(await harness.handle([Self.input("m-1")]).areDone)
            let both = try MasterKeyring { try MasterKeys(Secret(new.revealed + "," + old.revealed)) }
            #expect(try await SealedSubjectKeys(database.pool, masters: both).sealAnew { _ in } == 2)
            #expect(try await SealedSubjectKeys(database.pool, masters: both).sealAnew { _ in } == 0)
            let second = AuditPrivacy(database.pool, masters: try MasterKeyring { try MasterKeys(new) })
            #expect(try await second.reveal(try await bodies(database.pool))[0].body == Array(Self.ann.utf8))
            let without = AuditPrivacy(database.pool, masters: try MasterKeyring { try MasterKeys(old) })
            await #expect(throws: MasterKeyError.self) { try await without.check() }
        }
    }

    @Test func `a message that can't be sealed for want of a master key is kept for later, not stored in the open`()
        async throws
    {
        try await TestDatabase.with(migrated: true) { database async throws in
            #expect(try await AuditWorkerTests.harness(database.pool).handle([Self.input("m-1")]).areDone)
            let other = MasterKeys.generate()
            let privacy = AuditPrivacy(database.pool, masters: try MasterKeyring { try MasterKeys(other) })
            let harness = HandlerHarness(AuditWorker(privacy: privacy), queue: "audit.all", database.pool)
            let outcomes = await harness.handle([Self.input("m-2")])
            #expect(try outcomes[0].get() == .snooze(.seconds(30)))
            #expect(try await database.count("SELECT count(*) FROM audit_logs") == 1)
            #expect(try await database.count("SELECT count(*) FROM inbox WHERE message_id = 'm-2'") == 0)
        }
    }

    @Test func `ids that are addresses are written as pseudonyms, and found by the address`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let body = #"{"userId":"ann@example.com","adminId":"boss@example.com"}"#
            var input = Self.input("order-ann@example.com", "user.updated", body)
            input.correlationID = "ann@example.com"
            #expect(try await AuditWorkerTests.harness(database.pool).handle([input]).areDone)
            let found = try await database.count("SELECT count(*) FROM audit_logs WHERE audit_logs::text LIKE '%@%'")
            #expect(found == 0)
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            var filter = AuditFilter()
            filter.subject = "ann@example.com"
            filter.actor = "boss@example.com"
            #expect(try await log.page(filter, reveals: true).entries.count == 1)
        }
    }

    @Test func `a value that a publisher made look sealed is sealed itself, and shown as it was sent`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let body = #"{"userId":"u","v":"sealed:v1:1:AAAA"}"#
            #expect(try await AuditWorkerTests.harness(database.pool).handle([Self.input("m", "x.y", body)]).areDone)
            let stored = try await bodies(database.pool)
            #expect(stored[0].body != Array(body.utf8))
            let revealed = try await AuditWorkerTests.privacy(database.pool).reveal(stored)
            #expect(revealed[0].body == Array(body.utf8))
        }
    }

    @Test func `actions are linked with their ends, by id or by correlation, and timed`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            var inputs = [
                Self.input(
                    "a",
                    "import.started",
                    #"{"importId":"i","adminId":"x","timestamp":"2026-01-30T03:00:00Z"}"#
                ),
                Self.input(
                    "b",
                    "import.completed",
                    #"{"importId":"i","results":{"ok":3},"timestamp":"2026-01-30T03:00:02.5Z"}"#
                ),
                Self.input("c", "audit.write", #"{"action":"CONFIG_UPDATE_STARTED","adminId":"x"}"#),
                Self.input("d", "audit.write", #"{"auditLogId":"c","status":"failed","error":"boom"}"#),
                Self.input("e", "report.started", #"{"adminId":"x"}"#), Self.input("f", "report.failed", "{}"),
                Self.input("g", "import.started", #"{"importId":"j","adminId":"x"}"#),
            ]
            inputs[4].correlationID = "corr"
            inputs[5].correlationID = "corr"
            for input in inputs { #expect(await harness.handle([input]).areDone) }
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            let entries = try await log.page(AuditFilter(), .oldestFirst, reveals: true).entries
            let actions = entries.map { entry in
                entry.action.map { "\($0.name ?? "-") \($0.status) \($0.finished != nil)" } ?? "none"
            }
            #expect(
                actions == [
                    "import completed true", "import completed true", "config.update failed true",
                    "config.update failed true", "report failed true", "report failed true", "import started false",
                ]
            )
            #expect(entries[0].action?.milliseconds == 2_500)
            #expect(entries[1].action?.started == entries[0].id)
        }
    }

    @Test func `who saw what is there with the audit row, once`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            let inputs = [
                Self.input("a", "profile.viewed", #"{"profileId":"p","recruiterId":"r"}"#),
                Self.input("b", "document.accessed", #"{"documentId":"d","userId":"u"}"#),
                Self.input("c", "profile.updated", #"{"profileId":"p"}"#),
            ]
            for _ in 0..<2 { #expect(await harness.handle(inputs).areDone) }
            let rows = try await database.pool.query(
                SQLStatement(
                    "SELECT viewer, resource_type, resource_id, message_id FROM access_logs ORDER BY message_id"
                )
            )
            let seen = rows.map { row in (0..<4).map { row.text($0) ?? "" }.joined(separator: " ") }
            #expect(seen == ["r profile p a", "u document d b"])
        }
    }
}

extension JSONValue {
    fileprivate var plainText: String? { if case .string(let text) = self { text } else { nil } }
}
