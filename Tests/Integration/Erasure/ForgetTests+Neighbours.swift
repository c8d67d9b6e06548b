@testable import FlotillaAudit
@testable import FlotillaErasure
import FlotillaPersonalData
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

/// Somebody, with something in every table.
private struct Resident {
    let id: String
    let name: String
    let email: String
    let phone: String
    let street: String

    static let ann = Resident(
        id: "ofann-1",
        name: "Ann Lee",
        email: "ann@example.org",
        phone: "+33 6 12 34 56 78",
        street: "7 quai des Tanneurs"
    )

    /// Whose ids, names, addresses and numbers contain hers, or begin as hers do.
    static let neighbours = [
        Resident(
            id: "ofann-12",
            name: "Joann Lee",
            email: "joann@example.org",
            phone: "+336123456789",
            street: "17 quai des Tanneurs"
        ),
        Resident(
            id: "xofann-1",
            name: "Ann Leeson",
            email: "ann@example.org.uk",
            phone: "+33 6 12 34 56 78 9",
            street: "7 quai des Tanneursses"
        ),
        Resident(
            id: "ofann-1b",
            name: "Ann Lee-Smith",
            email: "jo+ann@example.org",
            phone: "133612345678",
            street: "7 bis quai des Tanneurs"
        ),
        Resident(
            id: "ofann-10",
            name: "Ann",
            email: "ANN.B@example.org",
            phone: "+33612345670",
            street: "8 quai des Tanneurs"
        ),
        Resident(
            id: "ofann-11",
            name: "Jo-Ann Lee",
            email: "bob@ann-lee.example.org",
            phone: "33612345678-2",
            street: "7 quai des Tanneurs-Blancs"
        ),
    ]

    var body: String {
        let escaped = email.replacing("@", with: #"\u0040"#)
        let percent = email.replacing("+", with: "%2B").replacing("@", with: "%40")
        return """
            {"userId":"\(id)","name":"\(name)","email":"\(email)","phone":"\(phone)","address":{"street":"\(street)"},\
            "note":"\(escaped) \(email.uppercased()) https://x.example/?to=\(percent)&x=1"}
            """
    }

    /// Nobody's in particular, so that what it holds is looked for as it stands.
    var words: String { "\(name) <\(email)>, \(phone), at \(street)." }

    var statements: [String] {
        [
            """
            INSERT INTO dead_letters (filing_key, queue, event, message_id, correlation_id, exchange, routing_key,
                properties, headers, body, error_type, error_message) VALUES
            ('\(id) a', '\(id)', 'user.created', 'm:\(email)', '\(email)', 'e', 'user.created',
                '{"correlation-id":"\(email)"}', '{"customer":"\(name)"}', convert_to('\(body)', 'UTF8'), 't', '\(words)'),
            ('\(id) b \(email)', '\(id)', 'x', NULL, NULL, 'e', 'x', '{}', '{}', convert_to('\(words)', 'UTF8'), 't', NULL),
            ('\(id) c', '\(id)', 'x', NULL, NULL, 'e', 'x', '{}', '{}',
                '\\xff00'::bytea || convert_to('\(email)', 'UTF8') || '\\x00'::bytea, 't', NULL),
            ('\(id) d', '\(id)', 'x', NULL, NULL, 'e', 'x', '{}', '{}', '{"list":[{"\(email)":"\(phone)"}]}', 't', NULL)
            """,
            """
            INSERT INTO jobs (id, type, state, payload, idempotency_key, request_hash, result, error_message) VALUES
            ('\(id)', 'notification.email', 'scheduled', convert_to('{"to":"\(email)","text":"Dear \(name)"}', 'UTF8'),
                'welcome:\(email)', '\\x00', '{"sentTo":"\(email)"}', '\(words)')
            """,
            """
            INSERT INTO outbox (exchange, routing_key, properties, headers, body, last_error) VALUES
            ('\(id)', 'user.updated', '{"message-id":"\(email)"}', '{}', convert_to('\(body)', 'UTF8'), '\(words)'),
            ('\(id)', 'x', '{}', '{}', convert_to('\(words)', 'UTF8'), NULL)
            """,
            """
            INSERT INTO inbox (consumer, message_id) VALUES ('\(id)', 'welcome:\(email)'), ('\(id)', 'sms:\(phone)')
            """,
            """
            INSERT INTO operator_actions (operation_id, action, actor, reason, parameters)
            VALUES ('\(id)', 'requeue', 'op', 'for \(words)', '{"filter":"\(email)"}')
            """,
            """
            INSERT INTO recipients (key, name, email, phone, times)
            VALUES ('user:\(id)', '\(name)', '\(email)', '\(phone)', '{}')
            """,
            """
            INSERT INTO notification_preferences (recipient, channel, template, is_allowed) VALUES
            ('user:\(id)', 'email', 'x', false), ('address:\(email)', 'email', '\(id)', false)
            """,
            """
            INSERT INTO notification_requests (id, template, data, cause, idempotency_key, correlation_id)
            VALUES ('\(id)', 'welcome', '{"name":"\(name)","to":"\(email)"}', '\(words)', '\(email)', '\(email)')
            """,
            """
            INSERT INTO notification_attachments (request_id, position, file_name, content_type, content)
            VALUES ('\(id)', 1, '\(name).pdf', 'x', convert_to('\(words)', 'UTF8'))
            """,
            """
            INSERT INTO notifications (id, request_id, channel, template, category, recipient, recipient_name, address,
                language, subject, body, status, event_id) VALUES
            ('\(id) a', '\(id)', 'email', 'welcome', 'x', 'user:\(id)', '\(name)', '\(email)', 'fr', 'Hello \(name)',
                '\(words)', 'queued', NULL),
            ('\(id) b', '\(id)', 'email', 'welcome', 'x', 'address:\(email)', NULL, '\(email)', 'fr', '\(words)', NULL,
                'sent', 'e:\(email)'),
            ('\(id) c', '\(id)', 'sms', 'welcome', 'x', 'address:\(phone)', NULL, '\(phone)', 'fr', '\(words)', NULL,
                'sent', NULL)
            """,
            """
            INSERT INTO webhook_messages (id, event, body, correlation_id) VALUES
            ('\(id) a', 'user.updated', convert_to('\(body)', 'UTF8'), '\(email)'),
            ('\(id) b', 'ticket.completed', convert_to('{"tickets":[{"guestName":"\(name)"}]}', 'UTF8'), '\(email)')
            """,
            """
            INSERT INTO webhook_deliveries (id, message_id, endpoint_id) VALUES ('\(id)', '\(id) b', 'e-1')
            """,
            """
            INSERT INTO webhook_attempts (delivery_id, number, started_at, duration_ms, status, error, answer)
            VALUES ('\(id)', 1, now(), 1, 422, '\(words)', convert_to('no mailbox \(words)', 'UTF8'))
            """,
            """
            INSERT INTO ticket_scans (id, outcome, event_id, operator_id, location, token_digest, idempotency_key, answer,
                correlation_id, created_by, scanned_at) VALUES
            ('\(id)', 'valid', '1', 'o', 'desk of \(words)', '\\x00', '\(email)', '{"message":"\(words)"}', '\(email)',
                '\(email)', now())
            """,
            """
            INSERT INTO ticket_admissions (ticket_id, event_id, first_scan_at, first_location, first_operator_id,
                last_scan_at, last_location, last_operator_id)
            VALUES ('\(id)', '1', now(), 'desk of \(words)', 'o', now(), '\(words)', 'o')
            """,
            """
            INSERT INTO generated_tickets (ticket_id, event_id, guest_id, job_id, ticket_code, guest_name, guest_email,
                type, template, event_title, key_id, qr_code_data, content_hash, file_path, file_url, file_size,
                file_hash, issued_at, generated_at) VALUES
            ('\(id) a', '1', '\(id)', 'j', 'c', '\(name)', '\(email)', 't', 't', 't', 'k', 'q', '\\x00', 'p', 'u', 1,
                '\\x00', now(), now()),
            ('\(id) b', '1', NULL, 'j', 'c', '\(name)', NULL, 't', 't', 't', 'k', 'q', '\\x00', 'p', 'u', 1, '\\x00',
                now(), now())
            """,
            """
            INSERT INTO ticket_generation_logs (job_id, position, ticket_id, status, error_message, processing_time_ms)
            VALUES ('j', (SELECT count(*) FROM ticket_generation_logs), '\(id)', 'failed', '\(words)', 1)
            """,
        ]
    }
}

/// Nobody else loses anything when somebody is forgotten.
extension ForgetTests {
    private static let shared = [
        """
        INSERT INTO webhook_endpoints (id, name, url, events, master, sealed_secret)
        VALUES ('e-1', 'core', 'https://core.example/', '{*}', 'm', '\\x00')
        """,
        "INSERT INTO ticket_keys (id, algorithm, master, sealed_key) VALUES ('k', 'hmac-sha256', 'm', '\\x00')",
        "INSERT INTO ticket_generation_jobs (id, request_hash, event_id, total) VALUES ('j', '\\x00', '1', 1)",
        """
        INSERT INTO dead_letters (filing_key, queue, event, exchange, routing_key, properties, headers, body, error_type)
        VALUES ('both', 'both', 'x', 'e', 'x', '{}', '{}',
            'joann@example.org told ann@example.org of +336123456789 and +33612345678', 't'),
        ('both json', 'both', 'x', 'e', 'x', '{}', '{}',
            convert_to('{"joann@example.org":1,"ann@example.org":2,"note":"Caf\\u00e9 of Ann Leeson and Ann Lee"}', 'UTF8'),
            't')
        """,
    ]

    private func plant(_ resident: Resident, _ pool: PostgresPool) async throws {
        for statement in resident.statements { _ = try await pool.query(SQLStatement(statement)) }
        let (id, body) = (resident.id, resident.body)
        let profile = body.replacing(#"{"userId""#, with: #"{"profileId":"\#(id)","userId""#)
        let inputs = [
            AuditPrivacyTests.input("\(id) a", "user.created", body),
            AuditPrivacyTests.input("\(id) b", "profile.validated", profile),
            AuditPrivacyTests.input("\(id) c", "notification.sent", #"{"recipient":"address:\#(resident.email)"}"#),
        ]
        #expect(try await AuditWorkerTests.harness(pool).handle(inputs).areDone)
        #expect(
            await IndexingHarness(pool).handle([AuditPrivacyTests.input("\(id) d", "profile.validated", profile)])
                .areDone
        )
    }

    /// Every row of every table, as the server writes it, behind its table's name.
    private func dump(_ pool: PostgresPool) async throws -> [String] {
        let tables = try await pool.query(
            SQLStatement(
                """
                SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace
                    AND relkind IN ('r', 'p') AND NOT relispartition
                """
            )
        )
        var rows: [String] = []
        for table in tables.compactMap({ $0.text(0) }) {
            let whose =
                table == "audit_subject_traces" || table == "audit_subject_aliases"
                ? "(SELECT name FROM audit_subjects WHERE id = subject_id)" : "''"
            let result = try await pool.query(SQLStatement("SELECT \(whose) || ' ' || t::text FROM \(table) AS t"))
            rows += result.compactMap { $0.text(0) }.map { "\(table) \($0)" }
        }
        return rows.sorted()
    }

    private func isAbout(_ id: String, _ row: String) -> Bool {
        row.split { !($0.isLetter || $0.isNumber || $0 == "-") }.contains { $0 == id }
    }

    private func state(of keys: [String], _ redis: RedisClient) async throws -> [RedisReply] {
        try await redis.pipeline(keys.map { ["DUMP", .text($0)] })
    }

    @Test func `everybody else's rows are the same byte for byte, and hers are gone`() async throws {
        let redis = RedisClient(try RedisConfiguration(url: try TestServers.url("REDIS_URL")), name: "test")
        let word = TestServers.uniqueWord()
        func key(_ name: String) -> RedisArgument { .text("flotilla:\(word):\(name)") }
        try await TestDatabase.with(migrated: true) { database async throws in
            for statement in Self.shared { _ = try await database.pool.query(SQLStatement(statement)) }
            for resident in [Resident.ann] + Resident.neighbours { try await plant(resident, database.pool) }
            var others: [String] = []
            for neighbour in Resident.neighbours {
                let name = "\(neighbour.id):\(neighbour.email)"
                _ = try await redis.pipeline([
                    ["HSET", key(name), "state", "retrying", "last_error", .text(neighbour.words)],
                    ["SET", key(name + ":text"), .text(neighbour.body)],
                    ["SADD", key(name + ":set"), .text(neighbour.phone)],
                ])
                others += ["", ":text", ":set"].map { "flotilla:\(word):\(name)\($0)" }
            }
            let ann = Resident.ann
            _ = try await redis.pipeline([
                ["HSET", key("job"), "state", "retrying", "last_error", .text(ann.words)],
                ["SET", key("text"), .text(ann.body)], ["SET", key("for:\(ann.email)"), "1"],
                ["SADD", key("set"), .text(ann.email), .text("jo\(ann.email)")],
                ["RPUSH", key("list"), .text(ann.email), .text("jo\(ann.email)")],
                ["ZADD", key("scores"), 1, .text(ann.email), 2, .text("jo\(ann.email)")],
            ])
            let hers = ["job", "text", "for:\(ann.email)", "set", "list", "scores"].map(key)
            #expect(try await redis.command(["EXISTS"] + hers).int == 6)
            let before = try await dump(database.pool)
            let redisBefore = try await state(of: others, redis)

            let dryRun = try await Self.erasure(database.pool, redis).forget(ann.id, by: nil)
            #expect(dryRun.linked == [])
            #expect(dryRun.counts.first { $0.store == "Redis" }?.count == ErasureCount(own: 2, mentions: 4))
            #expect(try await redis.command(["EXISTS"] + hers).int == 6)
            #expect(try await dump(database.pool) == before)
            let report = try await Self.erasure(database.pool, redis).forget(ann.id, by: Self.request)

            let after = try await dump(database.pool)
            // What an erasure writes down of itself.
            let own = [
                "audit_subjects ", "audit_logs ", "audit_lanes ", "audit_chain ", "operator_actions ", "search_",
            ]
            let names = report.subjects.filter { $0.hasPrefix("email:") || $0.hasPrefix("phone:") }
            func isElsewhere(_ row: String) -> Bool {
                !isAbout(ann.id, row) && !isAbout("both", row) && !names.contains { row.contains($0) }
            }
            let kept = before.filter(isElsewhere)
            let left = Set(after)
            #expect(kept.filter { !left.contains($0) && !$0.hasPrefix("audit_lanes ") } == [])
            let old = Set(before)
            #expect(
                after.filter { row in
                    isElsewhere(row) && !old.contains(row) && !own.contains { row.hasPrefix($0) }
                } == []
            )
            let concerned = Set(kept.map { $0.prefix { $0 != " " } })
            for table in ["dead_letters", "inbox", "recipients", "search_records", "audit_subject_traces"] {
                #expect(concerned.contains(table[...]))
            }
            for row in after where isAbout(ann.id, row) {
                for text in ["ann@example.org", "33612345678", "6 12 34 56", "ann lee", "quai des tanneurs"] {
                    let hexadecimal = text.utf8.map { String($0, radix: 16) }.joined()
                    #expect(!row.lowercased().contains(text) && !row.contains(hexadecimal))
                }
            }
            let both = try await database.pool.query(
                SQLStatement(
                    "SELECT state, convert_from(body, 'UTF8') FROM dead_letters WHERE queue = 'both' ORDER BY id"
                )
            )
            #expect(both.map { $0.text(0) } == ["dead", "dead"])
            #expect(
                both.map { $0.text(1) } == [
                    "joann@example.org told forgotten of +336123456789 and forgotten",
                    #"{"joann@example.org":1,"forgotten":2,"note":"Caf\u00e9 of Ann Leeson and forgotten"}"#,
                ]
            )
            let counts = Dictionary(uniqueKeysWithValues: report.counts.map { ($0.store, $0.count) })
            // One is about her; a text, a list, and the two of hers and her neighbour's mention her.
            #expect(counts["dead letters"] == ErasureCount(own: 2, mentions: 4))
            #expect(counts["jobs"] == ErasureCount(own: 1))
            #expect(counts["messages to publish"] == ErasureCount(own: 1, mentions: 1))
            #expect(counts["message ids"] == ErasureCount(own: 2))
            #expect(counts["Redis"] == ErasureCount(own: 2, mentions: 4))
            for (expected, actual) in zip(dryRun.counts, report.counts) { #expect(expected == actual) }

            #expect(try await state(of: others, redis) == redisBefore)
            #expect(try await redis.command(["HGETALL", key("job")]).elements.map(\.text) == ["state", "retrying"])
            #expect(try await redis.command(["EXISTS", key("text"), key("for:\(ann.email)")]).int == 0)
            #expect(try await redis.command(["SMEMBERS", key("set")]).elements.map(\.text) == ["joann@example.org"])
            #expect(
                try await redis.command(["LRANGE", key("list"), 0, -1]).elements.map(\.text) == ["joann@example.org"]
            )
            #expect(
                try await redis.command(["ZRANGE", key("scores"), 0, -1]).elements.map(\.text) == ["joann@example.org"]
            )

            let again = try await Self.erasure(database.pool, redis).forget(ann.id, by: Self.request)
            #expect(again.counts.allSatisfy { $0.count == ErasureCount() })
            let log = AuditLog(database.pool, privacy: try AuditWorkerTests.privacy(database.pool))
            let shown = try await log.page(AuditFilter(), reveals: true).entries
                .map { String(decoding: $0.record.body, as: UTF8.self) }
            for neighbour in Resident.neighbours { #expect(shown.contains(neighbour.body)) }
            #expect(shown.filter { $0.contains("\"\(ann.name)\"") || $0.contains("\"\(ann.email)\"") } == [])
        }
        let keys = try await redis.command(["KEYS", .text("flotilla:\(word):*")]).elements.compactMap(\.text)
        _ = try await redis.command(["DEL"] + keys.map { .text($0) })
        await redis.close()
    }

    /// A query has to find what the redaction would recognise.
    @Test(
        arguments: [
            ("Анна Ли", "АННА ЛИ"), ("王 小明", "王 小明"), ("Zoé Léa", "ZOÉ LÉA"), ("Zoé Strauß", "ZOÉ STRAUSS"),
            ("zoé+x@exämple.org", "ZOÉ+X@EXÄMPLE.ORG"), ("+33 6 12 34 56 78", "+33612345678"),
        ]
    )
    func `a name of any script is found in texts and bytes, in capitals and escapes`(text: String, capitals: String)
        async throws
    {
        func escaped(_ text: String) -> String {
            text.utf16.map { unit in
                unit < 0x80 && unit != 0x40
                    ? String(UnicodeScalar(UInt8(unit))) : "\\u" + String(format: "%04X", Int(unit))
            }.joined()
        }
        let spellings = [
            text, capitals, escaped(text), text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "",
        ]
        try await TestDatabase.with(migrated: true) { database async throws in
            for (index, spelling) in spellings.enumerated() {
                _ = try await database.pool.query(
                    SQLStatement(
                        """
                        INSERT INTO dead_letters (filing_key, queue, event, exchange, routing_key, properties, headers, body,
                            error_type) VALUES
                        ($1, 'q', 'x', 'e', 'x', '{}', '{}', convert_to($2, 'UTF8'), 't'),
                        ($1 || 'j', 'q', 'x', 'e', 'x', '{}', '{}', convert_to('{"a":"' || $2 || ' b"}', 'UTF8'), 't'),
                        ($1 || 'h', 'q', 'x', 'e', 'x', '{}', '{"a":"' || $2 || ' b"}', '', 't')
                        """,
                        [.text("\(index)"), .text(spelling)]
                    )
                )
            }
            let subject = text.contains("@") || text.hasPrefix("+") ? text : "z-1"
            let report = try await Self.erasure(database.pool).forget(subject, also: [text], by: Self.request)
            let count = report.counts.first { $0.store == "dead letters" }?.count
            #expect(count == ErasureCount(own: spellings.count, mentions: 2 * spellings.count))
            let rows = try await database.pool.query(
                SQLStatement("SELECT convert_from(body, 'UTF8') || headers FROM dead_letters ORDER BY id")
            )
            let expected = ["forgotten{}", #"{"a":"forgotten b"}{}"#, #"{"a":"forgotten b"}"#]
            #expect(rows.compactMap { $0.text(0) } == spellings.flatMap { _ in expected })
        }
    }
}
