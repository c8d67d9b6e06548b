@testable import flotilla
import FlotillaModules
import FlotillaPersonalData
@testable import FlotillaAudit
@testable import FlotillaErasure
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

@Suite(.enabled(if: TestServers.areAvailable))
struct ForgetTests {
    /// Whatever tells who she is. No text or byte of the database and of Redis may hold any of it afterwards.
    static let traces = [
        "Zoé Lindqvist", "zoé lindqvist", "Lindqvist", "zoe.l@example.com", "ZOE.L@EXAMPLE.COM", "33687654321",
        "rue des Lilas", "Zo\\u00e9",
    ]

    private static func stores(_ pool: PostgresPool, _ redis: RedisClient?) throws -> [any PersonalDataStore] {
        let context = PersonalDataContext(postgres: pool, redis: redis)
        // In a home that is not there are no files of tickets; nothing is held that would have to be closed.
        return try Flotilla.program.personalData(.of(Flotilla.program), in: context).stores
    }

    static func erasure(_ pool: PostgresPool, _ redis: RedisClient? = nil) throws -> SubjectErasure {
        SubjectErasure(try AuditWorkerTests.privacy(pool), stores: try stores(pool, redis))
    }

    static let request = SubjectErasure.Request(actor: "operator", reason: "she asked")

    /// Fills every table that may hold something about a person.
    func plant(_ pool: PostgresPool) async throws {
        let harness = try AuditWorkerTests.harness(pool)
        let about = """
            "email":"zoe.l@example.com","firstName":"Zoé","lastName":"Lindqvist","phone":"+33 6 87 65 43 21",\
            "address":{"street":"7 rue des Lilas","city":"Lyon"}
            """
        let inputs = [
            AuditPrivacyTests.input("m-1", "user.created", #"{"userId":"z-1",\#(about)}"#),
            AuditPrivacyTests.input(
                "m-2",
                "profile.validated",
                #"{"profileId":"p-1","userId":"z-1","summary":"I am Zoé"}"#
            ),
            AuditPrivacyTests.input("m-3", "profile.updated", #"{"profileId":"p-1","fullName":"Zoé Lindqvist"}"#),
            AuditPrivacyTests.input("m-4", "notification.email", #"{"to":"zoe.l@example.com","text":"Dear Zoé"}"#),
            AuditPrivacyTests.input(
                "m-5",
                "user.created",
                #"{"userId":"other","email":"other@example.com","name":"Otto"}"#
            ),
        ]
        #expect(await harness.handle(inputs).areDone)
        let payload = #"{"userId":"z-1",\#(about)}"#
        let escaped = #"{"guests":[{"guestId":"g-2","name":"Zo\u00e9 Lindqvist"},{"guestId":"g-3","name":"Otto"}]}"#
        let statements = [
            """
            INSERT INTO dead_letters (filing_key, queue, event, message_id, correlation_id, exchange, routing_key,
                properties, headers, body, error_type, error_message)
            VALUES ('k-1', 'q', 'user.created', 'm-9', 'zoe.l@example.com', 'e', 'user.created',
                '{"correlation-id":"zoe.l@example.com"}', '{"customer":"Zoé Lindqvist"}', convert_to('\(payload)', 'UTF8'),
                't', 'no such mailbox: zoe.l@example.com, ZOE.L@EXAMPLE.COM'),
            ('k:zoe.l@example.com', 'q', 'x', NULL, NULL, 'e', 'x', '{}', '{}', convert_to('junk: Zoé Lindqvist', 'UTF8'), 't', NULL),
            ('k-3', 'q', 'ticket.generation.requested', NULL, NULL, 'e', 'x', '{}', '{}', convert_to('\(escaped)', 'UTF8'), 't', NULL),
            ('k-4', 'q', 'user.created', NULL, NULL, 'e', 'x', '{}', '{}', '{"userId":"other","name":"Otto"}', 't', NULL)
            """,
            """
            INSERT INTO jobs (id, type, state, payload, idempotency_key, request_hash, result, error_message) VALUES
            ('j-1', 'notification.email', 'scheduled', convert_to('{"to":"ZOE.L@EXAMPLE.COM","text":"Dear Zoé Lindqvist"}', 'UTF8'),
                'welcome zoe.l@example.com', '\\x00', '{"sentTo":"zoe.l@example.com"}', 'to zoe.l@example.com'),
            ('j-2', 'notification.email', 'succeeded', '{"to":"other@example.com"}', NULL, NULL, NULL, NULL)
            """,
            """
            INSERT INTO outbox (exchange, routing_key, properties, headers, body) VALUES
            ('e', 'user.updated', '{}', '{}', convert_to('\(payload)', 'UTF8')),
            ('e', 'user.updated', '{}', '{}', '{"userId":"other","name":"Otto"}')
            """,
            "INSERT INTO inbox (consumer, message_id) VALUES ('c', 'welcome:zoe.l@example.com'), ('c', 'm')",
            """
            INSERT INTO operator_actions (operation_id, action, actor, reason, parameters)
            VALUES ('o-1', 'requeue', 'op', 'for Zoé Lindqvist', '{"filter":"zoe.l@example.com"}')
            """,
            """
            INSERT INTO recipients (key, name, email, phone, times) VALUES
            ('user:z-1', 'Zoé Lindqvist', 'zoe.l@example.com', '+33 6 87 65 43 21', '{}'),
            ('user:other', 'Otto', 'other@example.com', NULL, '{}')
            """,
            """
            INSERT INTO notification_preferences (recipient, channel, template, is_allowed) VALUES
            ('user:z-1', 'email', 'x', false), ('address:zoe.l@example.com', 'email', 'x', false),
            ('user:other', 'email', 'x', false)
            """,
            """
            INSERT INTO notification_requests (id, template, data, cause, idempotency_key) VALUES
            ('r-1', 'welcome', '{"name":"Zoé Lindqvist"}', NULL, 'zoe.l@example.com'),
            ('r-2', 'candidates', '{"list":"Otto, Zoé Lindqvist"}', NULL, NULL)
            """,
            """
            INSERT INTO notification_attachments (request_id, position, file_name, content_type, content)
            VALUES ('r-1', 1, 'Zoé Lindqvist.pdf', 'x', convert_to('%PDF Zoé Lindqvist', 'UTF8'))
            """,
            """
            INSERT INTO notifications (id, request_id, channel, template, category, recipient, recipient_name, address,
                language, subject, body, status) VALUES
            ('n-1', 'r-1', 'email', 'welcome', 'x', 'user:z-1', 'Zoé Lindqvist', 'zoe.l@example.com', 'fr', 'Hello Zoé', 'Zoé', 'queued'),
            ('n-2', 'r-1', 'email', 'welcome', 'x', 'address:zoe.l@example.com', NULL, 'Zoe.L@Example.com', 'fr', 'Hello Zoé', NULL, 'sent'),
            ('n-3', 'r-2', 'email', 'x', 'x', 'user:other', 'Otto', 'other@example.com', 'fr', 'About Zoé Lindqvist', 'x', 'sent')
            """,
            """
            INSERT INTO webhook_endpoints (id, name, url, events, master, sealed_secret)
            VALUES ('e-1', 'core', 'https://core.example/', '{*}', 'm', '\\x00')
            """,
            """
            INSERT INTO webhook_messages (id, event, body, correlation_id) VALUES
            ('msg_1', 'user.updated', convert_to('\(payload)', 'UTF8'), 'c'),
            ('msg_2', 'ticket.completed', convert_to('{"tickets":[{"guestName":"Zoé Lindqvist"},{"guestName":"Otto"}]}', 'UTF8'), 'zoe.l@example.com'),
            ('msg_3', 'user.updated', '{"userId":"other","name":"Otto"}', NULL)
            """,
            """
            INSERT INTO webhook_deliveries (id, message_id, endpoint_id) VALUES
            ('d-1', 'msg_1', 'e-1'), ('d-2', 'msg_2', 'e-1'), ('d-3', 'msg_3', 'e-1')
            """,
            """
            INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, status, error, answer) VALUES
            ('d-2', 1, now(), 1, 422, 'no', convert_to('no mailbox zoe.l@example.com', 'UTF8')),
            ('d-3', 1, now(), 1, 422, 'no', 'no mailbox other@example.com')
            """,
            """
            INSERT INTO ticket_scans (id, outcome, event_id, operator_id, location, token_digest, idempotency_key, answer,
                correlation_id, scanned_at) VALUES
            ('s-1', 'valid', '1', 'o', 'Zoé Lindqvist''s desk', '\\x00', 'zoe.l@example.com', '{"message":"Zoé Lindqvist"}', 'c', now()),
            ('s-2', 'valid', '1', 'o', 'North', '\\x00', NULL, '{}', NULL, now())
            """,
            """
            INSERT INTO ticket_admissions (ticket_id, event_id, first_scan_at, first_location, first_operator_id,
                last_scan_at, last_location, last_operator_id)
            VALUES ('t-1', '1', now(), 'Zoé Lindqvist''s desk', 'o', now(), 'North', 'o')
            """,
        ]
        for statement in statements { _ = try await pool.query(SQLStatement(statement)) }
        let profiles = [
            AuditPrivacyTests.input(
                "s-1",
                "profile.validated",
                #"{"profileId":"p-1","userId":"z-1","firstName":"Zoé","lastName":"Lindqvist","summary":"Zoé Lindqvist, zoe.l@example.com"}"#
            ),
            AuditPrivacyTests.input(
                "s-2",
                "profile.validated",
                #"{"profileId":"p-2","userId":"other","fullName":"Otto"}"#
            ),
        ]
        #expect(await IndexingHarness(pool).handle(profiles).areDone)
    }

    /// Every place of the schema where one of the texts stands.
    func places(_ pool: PostgresPool, of texts: [String] = traces) async throws -> [String] {
        let columns = try await pool.query(
            SQLStatement(
                """
                SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
                WHERE table_schema = current_schema()
                    AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'character varying', 'ARRAY')
                """
            )
        )
        #expect(columns.count > 80)
        var places: [String] = []
        for column in columns {
            let (table, name) = (column.text(0) ?? "", column.text(1) ?? "")
            let text = column.text(2) == "bytea" ? "encode(\"\(name)\", 'escape')" : "\"\(name)\"::text"
            // The server shows bytes above 127 of a bytea as octal escapes.
            let sought =
                texts
                + texts.map { text in
                    text.utf8.map { $0 < 0x80 ? String(UnicodeScalar($0)) : "\\" + String($0, radix: 8) }.joined()
                }
            let count = try await pool.query(
                SQLStatement(
                    """
                    SELECT count(*) FROM "\(table)" WHERE EXISTS (
                        SELECT FROM unnest($1) AS sought WHERE position(lower(sought) IN lower(\(text))) > 0)
                    """,
                    [.textArray(sought)]
                )
            )
            if count.first?.int(0) != 0 { places.append("\(table).\(name)") }
        }
        return places
    }

    @Test func `afterwards no table, and nothing in Redis, holds her name or address, and the chain verifies`()
        async throws
    {
        let redis = RedisClient(try RedisConfiguration(url: try TestServers.url("REDIS_URL")), name: "test")
        let job = TestServers.uniqueWord()
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(database.pool)
            _ = try await redis.command([
                "HSET", .text("flotilla:job:\(job)"), "last_error", "no mailbox Zoe.L@Example.com",
            ])
            _ = try await redis.command(["HSET", .text("flotilla:job:\(job)-2"), "last_error", "other@example.com"])
            #expect(try await places(database.pool).count > 15)
            let before = try await AuditLog(database.pool, privacy: AuditWorkerTests.privacy(database.pool))
                .page(AuditFilter(), reveals: true).entries.map(\.record.body)

            let dryRun = try await Self.erasure(database.pool, redis).forget("z-1", by: nil)
            #expect(dryRun.operationID == nil && dryRun.counts.map(\.count.total).reduce(0, +) > 10)
            let unchanged = try await places(database.pool).count
            #expect(unchanged > 15)

            let report = try await Self.erasure(database.pool, redis).forget("z-1", by: Self.request)
            #expect(report.subjects.contains("user:z-1") && report.subjects.contains("profile:p-1"))
            #expect(try await places(database.pool) == [])
            #expect(try await redis.command(["EXISTS", .text("flotilla:job:\(job)")]).int == 0)
            #expect(try await redis.command(["EXISTS", .text("flotilla:job:\(job)-2")]).int == 1)
            #expect(try await AuditVerification(database.pool).run().isIntact)

            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            let entries = try await log.page(AuditFilter(), reveals: true).entries
            #expect(entries.count == before.count + 1)
            let shown = entries.map { String(decoding: $0.record.body, as: UTF8.self) }.joined()
            for text in Self.traces { #expect(!shown.contains(text)) }
            #expect(shown.contains("forgotten") && shown.contains("Otto"))
            let row = try #require(entries.first { $0.record.event == "subject.forgotten" })
            #expect(row.record.messageID == report.operationID && row.record.actor == "operator")
            _ = try await redis.command(["DEL", .text("flotilla:job:\(job)-2")])
        }
        await redis.close()
    }

    @Test func `others keep what is theirs, and what is about her alone does not run any more`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(database.pool)
            _ = try await Self.erasure(database.pool).forget("user:z-1", by: Self.request)
            func texts(_ sql: String) async throws -> [String] {
                try await database.pool.query(SQLStatement(sql)).map { $0.text(0) ?? "NULL" }
            }
            #expect(
                try await texts("SELECT state FROM dead_letters ORDER BY id") == ["purged", "dead", "dead", "dead"]
            )
            #expect(
                try await texts("SELECT convert_from(body, 'UTF8') FROM dead_letters WHERE id > 1 ORDER BY id") == [
                    "junk: forgotten",
                    #"{"guests":[{"guestId":"g-2","name":"forgotten"},{"guestId":"g-3","name":"Otto"}]}"#,
                    #"{"userId":"other","name":"Otto"}"#,
                ]
            )
            #expect(try await texts("SELECT state FROM jobs ORDER BY id") == ["cancelled", "succeeded"])
            #expect(
                try await texts("SELECT convert_from(body, 'UTF8') FROM outbox") == [
                    #"{"userId":"other","name":"Otto"}"#
                ]
            )
            #expect(try await texts("SELECT message_id FROM inbox WHERE consumer = 'c'") == ["m"])
            #expect(try await texts("SELECT status FROM notifications ORDER BY id") == ["suppressed", "sent", "sent"])
            #expect(try await texts("SELECT subject FROM notifications ORDER BY id")[2] == "About forgotten")
            #expect(try await texts("SELECT key FROM recipients WHERE is_deleted") == ["user:z-1"])
            #expect(try await texts("SELECT recipient FROM notification_preferences") == ["user:other"])
        }
    }

    @Test func `what comes of her later is not taken down again, and forgetting twice changes nothing`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(database.pool)
            _ = try await Self.erasure(database.pool).forget("z-1", by: Self.request)
            let late = #"{"userId":"z-1","email":"zoe.l@example.com","name":"Zoé Lindqvist"}"#
            let harness = try AuditWorkerTests.harness(database.pool)
            #expect(await harness.handle([AuditPrivacyTests.input("late", "user.updated", late)]).areDone)
            #expect(try await places(database.pool) == [])
            let body = try await database.pool.query(
                SQLStatement("SELECT body FROM audit_logs WHERE message_id = 'late'")
            )[0].text(0)
            #expect(body == #"{"userId":"z-1","email":"forgotten","name":"forgotten"}"#)
            let again = try await Self.erasure(database.pool).forget("z-1", by: Self.request)
            #expect(again.subjects == [] && again.counts.allSatisfy { $0.count == ErasureCount() })
            #expect(try await AuditVerification(database.pool).run().isIntact)
        }
    }

    @Test func `a number that several kinds share has to be said with its kind`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let harness = try AuditWorkerTests.harness(database.pool)
            let inputs = [
                AuditPrivacyTests.input("a", "user.created", #"{"userId":12,"name":"Una"}"#),
                AuditPrivacyTests.input("b", "customer.created", #"{"customerId":12,"name":"Carl"}"#),
            ]
            #expect(await harness.handle(inputs).areDone)
            await #expect(throws: AuditError.self) {
                try await Self.erasure(database.pool).forget("12", by: Self.request)
            }
            let report = try await Self.erasure(database.pool).forget("user:12", by: Self.request)
            #expect(report.subjects == ["user:12"])
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            let bodies = try await log.page(AuditFilter(), .oldestFirst, reveals: true).entries
                .map { String(decoding: $0.record.body, as: UTF8.self) }
            #expect(bodies.prefix(2) == [#"{"userId":12,"name":"forgotten"}"#, #"{"customerId":12,"name":"Carl"}"#])
        }
    }

    @Test func `a dry run counts what is forgotten afterwards`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(database.pool)
            func notifications(_ request: SubjectErasure.Request?) async throws -> ErasureCount? {
                try await Self.erasure(database.pool).forget("user:z-1", linked: .leftAlone, by: request).counts
                    .first { $0.store == "notifications" }?.count
            }
            let expected = try await notifications(nil)
            #expect(try await notifications(Self.request) == expected)
        }
    }

    @Test func `a person is found by address too, and a reason that tells who it is does not stay`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            try await plant(database.pool)
            let request = SubjectErasure.Request(actor: "op", reason: "Zoé Lindqvist wrote from zoe.l@example.com")
            let report = try await Self.erasure(database.pool).forget("zoe.l@example.com", by: request)
            #expect(report.subjects.contains("user:z-1"))
            #expect(try await places(database.pool) == [])
        }
    }

    @Test func `every table is taken care of by a store, or said to hold nothing about people`() async throws {
        try await TestDatabase.with(migrated: true) { database async throws in
            let rows = try await database.pool.query(
                SQLStatement(
                    """
                    SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                        AND relkind IN ('r', 'p') AND NOT relispartition
                    """
                )
            )
            let stores = try Self.stores(database.pool, nil)
            let known = Flotilla.program.impersonalTables.union(stores.flatMap(\.tables))
            let tables = Set(rows.compactMap { $0.text(0) })
            #expect(tables.subtracting(known) == [], "give each a PersonalDataStore, or list it as impersonal")
            #expect(known.subtracting(tables) == [])
        }
    }
}
