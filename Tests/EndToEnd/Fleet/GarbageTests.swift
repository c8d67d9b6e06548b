import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetFaultTests {
    @Test(.timeLimit(.minutes(10)))
    func `every hostile message gets a dead letter that says why, with its bytes, and the process lives`() async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        try await fleet.withWorkers { workers in
            let process = workers[0].process.processID
            let cases = Hostile.all(word)
            for hostile in cases { try await fleet.publish(hostile.message) }
            let expected = cases.reduce(0) { $0 + $1.refusals.count }
            try await eventually("\(expected) dead letters", within: .seconds(120), every: .milliseconds(100)) {
                try await fleet.filedDeadLetters(of: word) >= expected
            }
            let handled = cases.filter { $0.refusals["audit.all"] == nil }.count
            let counted = cases.filter { $0.refusals["subscription.profile.viewed"] == nil }.count
            try await eventually("the others are handled", within: .seconds(60), every: .milliseconds(100)) {
                let rows = try await fleet.count(
                    "SELECT count(*) FROM audit_logs WHERE body LIKE $1 OR message_id LIKE $1",
                    .text("%\(word)%")
                )
                let used = try await fleet.used(word)
                return rows == handled && used == counted
            }
            for hostile in cases { try await check(hostile, in: fleet) }
            #expect(try await fleet.filedDeadLetters(of: word) == expected)
            #expect(try await fleet.fullDeadLetterQueues() == [])
            #expect(workers[0].process.isRunning && workers[0].process.processID == process)
        }
    }

    private func check(_ hostile: Hostile, in fleet: FleetFixture) async throws {
        for (queue, refusal) in hostile.refusals {
            let rows = try await fleet.pool.query(
                SQLStatement(
                    """
                    SELECT error_type, error_message, body, headers, properties, attempts, routing_key
                    FROM dead_letters WHERE queue = $1 AND (message_id = $2 OR message_id = $3)
                    """,
                    [.text(queue), .text(hostile.name), .text(hostile.name + "\u{FFFD}")]
                )
            )
            #expect(rows.count == 1, "\(hostile.name) in \(queue)")
            guard let row = rows.first else { continue }
            #expect(row.text(0) == refusal.type, "\(hostile.name)")
            #expect(row.text(1)?.contains(refusal.words) == true, "\(hostile.name): \(row.text(1) ?? "")")
            #expect(row.bytes(2) == hostile.message.message.body, "\(hostile.name): the body has changed")
            #expect(row.int(5) == 1, "\(hostile.name): attempts")
            #expect(row.text(6) == "profile.viewed")
            let lying = Message(
                properties: try MessageJSON.properties(row.text(4) ?? ""),
                headers: try MessageJSON.headers(row.text(3) ?? "")
            )
            #expect(lying.headers[FleetHeader.brokerDeath] == nil)
            for entry in hostile.message.message.headers.entries where !["x-death", "BCC"].contains(entry.name) {
                let kept =
                    entry.name == "CC"
                    ? lying.headers[FleetHeader.originProperties]?.entry(entry.name) : lying.headers[entry.name]
                #expect(kept == entry.value, "\(hostile.name): the header \(entry.name)")
            }
            if let expiration = hostile.message.message.properties.expiration {
                let kept = lying.headers[FleetHeader.originProperties]?.entry("expiration")
                #expect(kept == .string(expiration), "\(hostile.name): the expiration")
            }
        }
    }

    @Test func `a transient message is kept like any other once it has failed`() async throws {
        let fleet = try await FleetFixture.current()
        let marker = TestServers.uniqueWord()
        try await fleet.withWorkers { _ in
            let url = fleet.addresses["RABBITMQ_URL"] ?? ""
            // Without its option -p the program publishes transient messages, and it sets no message id.
            let arguments = ["-u", url, "-e", "fleet.topic", "-r", "profile.viewed", "-b", marker]
            #expect(try await Program.exitCode(of: "/usr/bin/amqp-publish", arguments) == 0)
            let bytes = SQLValue.bytes(Array(marker.utf8))
            try await eventually("both dead letters", within: .seconds(30)) {
                try await fleet.count("SELECT count(*) FROM dead_letters WHERE body = $1", bytes) == 2
            }
            let rows = try await fleet.pool.query(
                SQLStatement("SELECT headers, properties FROM dead_letters WHERE body = $1", [bytes])
            )
            for row in rows {
                let aside = try MessageJSON.headers(row.text(0) ?? "")[FleetHeader.originProperties]
                let mode = aside?.entry("delivery-mode")
                #expect(mode == .uint8(1) || mode == .uint8(0))
                #expect(try MessageJSON.properties(row.text(1) ?? "").deliveryMode == 2)
            }
        }
    }

    @Test func `a timestamp that no clock shows counts as now, for the audit log as for quotas, and is kept`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let company = TestServers.uniqueWord() + "-c0"
        let timestamps = [UInt64(Int64.max), 0x7abc_def0_1234_5678, 0x0004_0000_0000_0000, .max]
        let marker = TestServers.uniqueWord()
        try await fleet.withWorkers { _ in
            for timestamp in timestamps {
                let id = "\(company)-\(timestamp)"
                var message = OutgoingMessage.event("profile.viewed", id: id, #"{"companyId":"\#(company)"}"#)
                message.message.properties.timestamp = timestamp
                try await fleet.publish(message)
            }
            var bad = OutgoingMessage.event("profile.viewed", id: marker, "{")
            bad.message.properties.timestamp = UInt64(Int64.max)
            try await fleet.publish(bad)
            try await eventually("all are audited", within: .seconds(60)) {
                try await fleet.auditRows(company) == timestamps.count
            }
            try await eventually("all are counted", within: .seconds(60)) {
                try await fleet.used(ofCompany: company) == timestamps.count
            }
            let times = """
                SELECT count(*) FROM audit_logs WHERE message_id LIKE $1
                AND abs(extract(epoch FROM recorded_at - occurred_at)) < 60 AND recorded_at > now() - interval '5 minutes'
                """
            #expect(try await fleet.count(times, .text(company + "-%")) == timestamps.count)
            let periods = """
                SELECT count(*) FROM quotas WHERE company_id = $1
                AND period_start NOT BETWEEN now() - interval '32 days' AND now()
                """
            #expect(try await fleet.count(periods, .text(company)) == 0)
            let letters = SQLStatement("SELECT properties FROM dead_letters WHERE message_id = $1", [.text(marker)])
            try await eventually("both dead letters", within: .seconds(60)) {
                try await fleet.pool.query(letters).count == 2
            }
            for row in try await fleet.pool.query(letters) {
                #expect(try MessageJSON.properties(row.text(0) ?? "").timestamp == UInt64(Int64.max))
            }
        }
    }

    @Test func `what could steer a terminal is escaped in all that the commands show of a dead letter`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        // Right-to-left override, a line separator, and the one-byte form of the start of an escape sequence.
        let steering: [Unicode.Scalar] = ["\u{202e}", "\u{2028}", "\u{9b}"]
        let nasty = word + String(String.UnicodeScalarView(steering))
        try await fleet.withWorkers { _ in
            var message = OutgoingMessage.event("profile.viewed", id: nasty, #"{"x":"\#(nasty)"}"#)
            message.message.headers = ["tenant": .string(nasty)]
            message.message.properties.contentEncoding = nasty
            try await fleet.publish(message)
            let letters = SQLStatement("SELECT id FROM dead_letters WHERE message_id = $1", [.text(nasty)])
            try await eventually("both dead letters", within: .seconds(60)) {
                try await fleet.pool.query(letters).count == 2
            }
            let id = try #require(try await fleet.pool.query(letters).first?.int(0))
            for words in [["show", "\(id)"], ["list", "--limit", "20"], ["peek", "audit.all", "--limit", "20"]] {
                for format in ["table", "json"] {
                    let shown = try await fleet.home.run(
                        ["dlq"] + words + (format == "json" ? ["--output", "json"] : []),
                        environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
                    )
                    #expect(shown.status == 0, "\(words): \(shown.messages)")
                    #expect(shown.text.contains(word), "\(words) \(format)")
                    let raw = (shown.text + shown.messages).unicodeScalars.filter { steering.contains($0) }
                    #expect(raw.isEmpty, "\(words) \(format)")
                }
            }
        }
    }

    @Test func `the commands tell of dead letters that can't be filed`() async throws {
        let fleet = try await FleetFixture.current()
        let id = TestServers.uniqueWord()
        let constraint = "ALTER TABLE dead_letters ADD CONSTRAINT ck_e2e CHECK (message_id <> '\(id)')"
        _ = try await fleet.pool.query(SQLStatement(constraint))
        let removal = SQLStatement("ALTER TABLE dead_letters DROP CONSTRAINT ck_e2e")
        try await fleet.withWorkers { _ in
            do {
                try await fleet.publish(.event("profile.viewed", id: id, "{"))
                try await eventually("the command tells of it", within: .seconds(120), every: .milliseconds(500)) {
                    let listed = try await fleet.home.run(
                        "dlq",
                        "list",
                        environment: ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
                    )
                    return listed.messages.contains("of audit.all can't be filed yet")
                }
            } catch {
                _ = try await fleet.pool.query(removal)
                throw error
            }
            _ = try await fleet.pool.query(removal)
            try await eventually("they are filed", within: .seconds(60)) {
                try await fleet.count("SELECT count(*) FROM dead_letters WHERE message_id = $1", .text(id)) == 2
            }
        }
    }

    @Test func `a message id that is not text is no obstacle`() async throws {
        let fleet = try await FleetFixture.current()
        let company = TestServers.uniqueWord() + "-c0"
        try await fleet.withWorkers { _ in
            var message = OutgoingMessage.event("profile.viewed", id: nil, #"{"companyId":"\#(company)"}"#)
            message.message.properties.malformed["message-id"] = [0xff, 0xfe, 0x00, 0x80]
            try await fleet.publish(message)
            try await eventually("its effects", within: .seconds(30)) {
                try await fleet.count("SELECT count(*) FROM audit_logs WHERE body LIKE $1", .text("%\(company)%")) == 1
            }
            try await eventually("its decrement", within: .seconds(30)) {
                try await fleet.used(ofCompany: company) == 1
            }
        }
    }
}

extension FieldValue {
    fileprivate func entry(_ name: String) -> FieldValue? {
        if case .table(let table) = self { table[name] } else { nil }
    }
}
