import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    /// How many audit rows there are of what an operator has done to that.
    private func acts(_ action: String, of subject: String? = nil, in fleet: FleetFixture) async throws -> Int {
        try await fleet.count(
            """
            SELECT count(*) FROM audit_logs
            WHERE event = 'operator.acted' AND received_by LIKE 'cli:%' AND body LIKE '%"action":"' || $1 || '"%'
                AND body LIKE '%' || $2 || '%'
            """,
            .text(action),
            .text(subject.map { "\"subject\":\"\($0)\"" } ?? "")
        )
    }

    @Test func `what an operator does is in the audit log, with who it was`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let path = fleet.home.path + "/\(word).yaml"
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
        let line = "publishers:\n  \(word): { user: \(word), events: [ profile.viewed ] }\n"
        let queue = "\nqueues:\n  audit.\(word): { worker: audit, bind: [ { exchange: topic, key: \(word) } ] }\n"
        try text.replacing("publishers:\n", with: line).replacing("\nqueues:\n", with: queue)
            .write(toFile: path, atomically: true, encoding: .utf8)
        let own = ["FLOTILLA_QUEUES": path]
        let standard = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        _ = try await fleet.pool.query(
            SQLStatement(
                "INSERT INTO ticket_generation_jobs (id, request_hash, event_id, total) VALUES ($1, '', '1', 1)",
                [.text(word)]
            )
        )
        // It makes the master key, by which the log believes who it was.
        try await fleet.home.succeed("ticket", "key", "rotate")
        try await fleet.home.succeed("publisher", "create", word, environment: own)
        try await fleet.home.succeed("publisher", "rotate", word, environment: own)
        try await fleet.home.succeed("topology", "apply", environment: own)
        try await fleet.home.succeed("topology", "prune", "--yes", environment: standard)
        try await fleet.home.succeed("ticket", "stop", word)
        try await fleet.home.succeed("index", "rebuild", environment: standard)
        try await fleet.home.succeed("audit", "rotate-key")
        try await fleet.home.succeed("token", "revoke", "--jti", word)
        try await fleet.home.succeed("token", "revoke", "--user", word)
        try await fleet.home.succeed(
            "webhook",
            "add",
            word,
            "http://127.0.0.1:9/",
            "--events",
            "ticket.*",
            environment: ["FLOTILLA_WEBHOOK_ALLOW_PRIVATE": "127.0.0.1:9"]
        )
        try await fleet.home.succeed("webhook", "disable", word)
        try await fleet.home.succeed("webhook", "enable", word)
        try await fleet.home.succeed("webhook", "remove", word, "--yes")
        let logout = "{\"userId\":\"\(word)\"}"
        try await fleet.home.succeed("publish", "user.logout", "--body", logout, environment: standard)
        try await fleet.withWorkers { _ in
            try await eventually("a row of the logout", within: .seconds(30)) {
                try await fleet.count(
                    "SELECT count(*) FROM audit_logs WHERE event = 'user.logout' AND body LIKE '%' || $1 || '%'",
                    .text(word)
                ) == 1
            }
            for action in [
                "publisher.create", "publisher.rotate", "ticket.stop", "token.revoke", "token.revoke-user",
                "webhook.add", "webhook.disable", "webhook.enable", "webhook.remove",
            ] {
                try await eventually("a row of \(action)", within: .seconds(30)) {
                    try await acts(action, of: word, in: fleet) == 1
                }
            }
            for action in [
                "topology.apply", "topology.prune", "index.rebuild", "master-key.rotate", "ticket-key.rotate",
            ] {
                try await eventually("a row of \(action)", within: .seconds(30)) {
                    try await acts(action, in: fleet) >= 1
                }
            }
        }
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
