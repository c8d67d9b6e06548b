import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

struct OperatorCommandsTests {
    @Test func `of every command it is said whether the audit log has what an operator does with it`() {
        let (acting, exempt) = (Set(OperatorCommands.acting.keys), Set(OperatorCommands.exempt.keys))
        let said = acting.union(exempt).union(OperatorCommands.reading)
        let all = Set(OperatorCommands.all)
        #expect(all.subtracting(said) == [], "a row of operator.acted, or a reason why there is none, is missing")
        #expect(said.subtracting(all) == [], "there are no such commands")
        #expect(said.count == acting.count + exempt.count + OperatorCommands.reading.count, "some are there twice")
    }
}

/// What was done in a fleet by commands, and what the audit log should have of it.
private struct OperatorActs {
    let fleet: FleetFixture
    /// In the database's clock, when it began.
    let since: Int64
    private var done: Set<String> = []
    private var expected: [(action: String, subject: String?)] = []

    init(_ fleet: FleetFixture) async throws {
        self.fleet = fleet
        since = try await fleet.pool.time()
    }

    /// Runs a command, which has to leave a row.
    ///
    /// - Parameters:
    ///   - action: which of those that it may leave; the one that it leaves unless given.
    ///   - subject: `nil` for any.
    @discardableResult
    mutating func act(
        _ words: String...,
        as action: String? = nil,
        on subject: String? = nil,
        fails: Bool = false,
        environment: [String: String] = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
    ) async throws -> String {
        let output = try await fleet.home.run(words, environment: environment)
        #expect((output.status == 0) != fails, "flotilla \(words.joined(separator: " ")): \(output.messages)")
        let lengths = (1...min(3, words.count)).reversed()
        let command = try #require(
            lengths.map { words.prefix($0).joined(separator: " ") }.first { OperatorCommands.acting[$0] != nil }
        )
        done.insert(command)
        let left = try #require(action ?? OperatorCommands.acting[command]?.first)
        expected.append((left, subject))
        return output.text
    }

    /// Waits until the audit log has every row, with who it was.
    func check() async throws {
        #expect(Set(OperatorCommands.acting.keys).subtracting(done) == [], "not tried")
        #expect(Set(expected.map(\.action)) == Set(OperatorCommands.acting.values.joined()))
        for (action, subject) in expected where action != "migrate" {
            try await eventually("a row of \(action) \(subject ?? "")", within: .seconds(30)) {
                try await rows(action, of: subject) >= 1
            }
        }
    }

    private func rows(_ action: String, of subject: String?) async throws -> Int {
        try await fleet.count(
            """
            SELECT count(*) FROM audit_logs
            WHERE event = 'operator.acted' AND received_by LIKE 'cli:%' AND recorded_at >= $3
                AND body LIKE '%"action":"' || $1 || '"%' AND body LIKE '%' || $2 || '%'
            """,
            .text(action),
            .text(subject.map { "\"subject\":\"\($0)\"" } ?? ""),
            .timestamp(since)
        )
    }
}

extension FleetTests {
    /// The id in what a command has printed as JSON.
    private func id(in text: String, _ name: String = "id") throws -> String {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let object = (value as? [[String: Any]])?.first ?? value as? [String: Any]
        return try #require(object?[name] as? String, "\(text)")
    }

    @Test func `what an operator does with any command is in the audit log, with who it was`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let path = fleet.home.path + "/\(word).yaml"
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
        let line = "publishers:\n  \(word): { user: \(word), events: [ profile.viewed ] }\n"
        let queue = "\nqueues:\n  audit.\(word): { worker: audit, bind: [ { exchange: topic, key: \(word) } ] }\n"
        try text.replacing("publishers:\n", with: line).replacing("\nqueues:\n", with: queue)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let own = ["FLOTILLA_QUEUES": path]
        let queues = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        _ = try await fleet.pool.query(
            SQLStatement(
                "INSERT INTO ticket_generation_jobs (id, request_hash, event_id, total) VALUES ($1, '', '1', 1)",
                [.text(word)]
            )
        )
        var acts = try await OperatorActs(fleet)
        // It makes the master key, by which the log believes who it was.
        let ticketKey = try id(in: try await acts.act("ticket", "key", "rotate", "--output", "json"))
        try await acts.act("ticket", "key", "rotate")
        try await acts.act("ticket", "key", "retire", ticketKey, on: ticketKey)
        try await acts.act("ticket", "stop", word, on: word)
        try await acts.act("publisher", "create", word, on: word, environment: own)
        try await acts.act("publisher", "rotate", word, on: word, environment: own)
        try await acts.act("topology", "apply", environment: own)
        try await acts.act("publisher", "remove", word, "--yes", on: word)
        try await acts.act("topology", "prune", "--yes")
        try await acts.act("topology", "replay", "subscription.profile.viewed", "--since", "1h")
        try await acts.act("index", "rebuild")
        try await acts.act("token", "revoke", "--jti", word, on: word)
        try await acts.act("token", "revoke", "--user", word, as: "token.revoke-user", on: word)
        let key = try id(in: try await acts.act("key", "create", word, "--scopes", "read", "--output", "json"))
        try await acts.act("key", "change", key, "--scopes", "scan", on: key)
        try await acts.act("key", "revoke", key, on: key)
        try await webhooks(word, &acts)
        try await audit(word, &acts)
        try await cron(word, &acts)
        try await migrate(word, &acts)
        let logout = "{\"userId\":\"\(word)\"}"
        try await fleet.home.succeed("publish", "user.logout", "--body", logout, environment: queues)
        try await fleet.withWorkers { _ in
            try await eventually("a row of the logout", within: .seconds(30)) {
                try await fleet.count(
                    """
                    SELECT count(*) FROM audit_logs
                    WHERE event = 'user.logout' AND body LIKE '%' || $1 || '%' AND received_by LIKE 'cli:%'
                    """,
                    .text(word)
                ) == 1
            }
            try await jobs(word, &acts)
            try await acts.check()
        }
    }

    private func webhooks(_ word: String, _ acts: inout OperatorActs) async throws {
        // Nobody listens there.
        let access = ["FLOTILLA_WEBHOOK_ALLOW_PRIVATE": "127.0.0.1:9"]
        let endpoint = "http://127.0.0.1:9/"
        try await acts.act("webhook", "add", word, endpoint, "--events", "ticket.*", on: word, environment: access)
        try await acts.act("webhook", "test", word, on: word, fails: true, environment: access)
        try await acts.act("webhook", "rotate", word, on: word)
        try await acts.act("webhook", "disable", word, on: word)
        try await acts.act("webhook", "enable", word, on: word)
        try await acts.act("webhook", "remove", word, "--yes", on: word)
    }

    private func audit(_ word: String, _ acts: inout OperatorActs) async throws {
        try await acts.act("audit", "rotate-key")
        _ = try await acts.fleet.pool.query(SQLStatement("SELECT audit_logs_ensure_month('2020-01-15Z')"))
        try await acts.act("audit", "retain", "--months", "24", "--drop", "--yes", on: "audit_logs_2020_01")
        let forgotten = try await acts.act("audit", "forget", "user:\(word)", "--yes", "--output", "json")
        #expect(try id(in: forgotten, "operationId").isEmpty == false)
    }

    private func cron(_ word: String, _ acts: inout OperatorActs) async throws {
        _ = try await acts.fleet.pool.query(
            SQLStatement(
                """
                INSERT INTO cron_entries (name, type, payload, schedule, time_zone, overlap, catch_up, jitter,
                    pause_on_failure, priority, source, next_at, created_at, updated_at)
                VALUES ($1, 'audit.write', '{"event":"a.b"}', '0 0 1 1 *', 'UTC', 'allow', interval '1 hour',
                    interval '0', false, 0, 'api', '2090-01-01Z', now(), now())
                """,
                [.text(word)]
            )
        )
        try await acts.act("cron", "pause", word, on: word)
        try await acts.act("cron", "resume", word, on: word)
        try await acts.act("cron", "trigger", word, on: word)
        try await acts.act("cron", "backfill", word, "--from", "2020-01-01T00:00:00Z", on: word)
        _ = try await acts.fleet.pool.query(SQLStatement("DELETE FROM cron_entries WHERE name = $1", [.text(word)]))
        let batch = try await acts.fleet.home.run("batch", "create", "--name", word).text
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try await acts.act("batch", "cancel", batch, on: batch)
    }

    /// A schema without a table, in which the message of it waits then.
    private func migrate(_ word: String, _ acts: inout OperatorActs) async throws {
        let pool = acts.fleet.pool
        _ = try await pool.query(SQLStatement("CREATE SCHEMA \(word)"))
        let base = try #require(acts.fleet.addresses["DATABASE_URL"])
        let url = base + (base.contains("?") ? "&" : "?") + "options=-csearch_path%3D\(word)"
        for _ in 0..<2 { try await acts.act("migrate", environment: ["DATABASE_URL": url]) }
        // Of the second time, which changed nothing, there is none.
        let waiting = try await acts.fleet.count(
            """
            SELECT count(*) FROM \(word).outbox
            WHERE routing_key = 'operator.acted' AND convert_from(body, 'UTF8') LIKE '%"action":"migrate"%'
            """
        )
        #expect(waiting == 1)
        _ = try await pool.query(SQLStatement("DROP SCHEMA \(word) CASCADE"))
    }

    /// One that is cancelled, and two that nobody can do; for which workers are needed.
    private func jobs(_ word: String, _ acts: inout OperatorActs) async throws {
        let home = acts.fleet.home
        let queues = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        func enqueue(_ words: String...) async throws -> String {
            let type = "ticket.generation.requested"
            let output = try await home.run(["enqueue", type, "--output", "json"] + words, environment: queues)
            return try id(in: output.text)
        }
        let payload = #"{"event_id":1,"tickets":[{}],"template_data":{"event_title":"x"}}"#
        let later = try await enqueue("--payload", payload, "--at", "2099-01-01T00:00:00Z")
        try await acts.act("job", "cancel", later, on: later)
        let dead = [try await enqueue("--unchecked"), try await enqueue("--unchecked")]
        try await eventually("the jobs are dead letters", within: .seconds(30)) {
            try await acts.fleet.count(
                "SELECT count(*) FROM dead_letters WHERE job_id = ANY ($1) AND state = 'dead'",
                .textArray(dead)
            ) == 2
        }
        try await acts.act("job", "retry", dead[0], on: dead[0])
        let letter = try await acts.fleet.count("SELECT id FROM dead_letters WHERE job_id = $1", .text(dead[1]))
        try await acts.act("dlq", "requeue", "\(letter)")
    }

    @Test func `a token is revoked also while there is no database, and said to be missing from the audit log`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let name = TestServers.uniqueWord()
        let away = "postgres://x@127.0.0.1:1/x"
        let revoked = try await fleet.home.run("token", "revoke", "--jti", name, environment: ["DATABASE_URL": away])
        #expect(revoked.status == 0)
        #expect(revoked.messages.contains("not in the audit log") && revoked.messages.contains("Revoked \(name)"))
    }
}
