import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    /// Whether the broker takes the message, which bears headers of the fleet.
    private func publish(_ key: String, _ body: String, to exchange: String = "fleet.topic", by url: String?)
        async throws -> Bool
    {
        let script = """
            import os, pika
            connection = pika.BlockingConnection(pika.URLParameters(os.environ["URL"]))
            channel = connection.channel()
            channel.confirm_delivery()
            headers = {"origin-exchange": "x", "origin-routing-key": "payment.succeeded", "origin-queue": "audit.all"}
            channel.basic_publish(os.environ["EXCHANGE"], os.environ["KEY"], os.environ["BODY"].encode(),
                pika.BasicProperties(headers=headers))
            connection.close()
            """
        let environment = ["URL": try #require(url), "EXCHANGE": exchange, "KEY": key, "BODY": body]
        return try await Program.output(of: "/usr/bin/python3", ["-c", script], environment: environment).status == 0
    }

    @Test func `the private broker's publisher sends what queues.yaml lists, and its headers change no audit row`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        try await fleet.withWorkers { _ in
            let url = fleet.addresses["PUBLISHER_URL"]
            let company = TestServers.uniqueWord() + "-c0"
            let body = #"{"companyId":"\#(company)","profileId":"p1"}"#
            #expect(try await publish("profile.viewed", body, by: url))
            #expect(try await !publish("payment.succeeded", body, by: url))
            #expect(try await !publish("audit.write", body, to: "fleet.direct", by: url))
            #expect(try await !publish("webhook.deliver", body, to: "fleet.commands", by: url))
            try await eventually("the audit row", within: .seconds(30)) {
                try await fleet.count("SELECT count(*) FROM audit_logs WHERE body = $1", .text(body)) == 1
            }
            let rows = try await fleet.count(
                """
                SELECT count(*) FROM audit_logs WHERE body = $1 AND event = 'profile.viewed'
                    AND routing_key = 'profile.viewed' AND exchange = 'fleet.topic'
                """,
                .text(body)
            )
            #expect(rows == 1)
        }
    }

    @Test func `publishers are listed, made and given another password, which no one else is shown`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let path = fleet.home.path + "/\(word).yaml"
        let line = "publishers:\n  \(word): { user: \(word), events: [ profile.viewed ] }\n"
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
        try text.replacing("publishers:\n", with: line).write(toFile: path, atomically: true, encoding: .utf8)
        func run(_ words: String...) async throws -> (status: Int32, text: String, messages: String) {
            let output = try await fleet.home.run(["publisher"] + words, environment: ["FLOTILLA_QUEUES": path])
            return (output.status, output.text, output.messages)
        }
        #expect(try await run("list").text.contains("no user"))
        let made = try await run("create", word)
        #expect(made.status == 0 && made.text.hasPrefix("amqp://\(word):"), "\(made.messages)")
        let url = made.text.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try await publish("profile.viewed", "{}", by: url))
        #expect(try await !publish("profile.updated", "{}", by: url))
        #expect(try await run("create", word).status == 1)
        #expect(try await run("create", word + "x").status == 2)
        let list = try await run("list", "--output", "json")
        #expect(list.text.contains(#""ok""#) && !list.text.contains("no user"), "\(list.text)")
        let secret = fleet.home.path + "/secret"
        try "another-\(word)\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let rotated = try await run("rotate", word, "--password-file", secret)
        #expect(rotated.status == 0 && !(rotated.text + rotated.messages).contains("another-"))
        #expect(try await !publish("profile.viewed", "{}", by: url))
        let new = url.replacing(/:[0-9a-f]+@/, with: ":another-\(word)@")
        #expect(try await publish("profile.viewed", "{}", by: new))
    }

    @Test func `a publisher is removed once its line is gone, or by force, and nobody else ever is`() async throws {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let path = fleet.home.path + "/\(word).yaml"
        let text = try String(contentsOfFile: FleetFixture.queuesFile, encoding: .utf8)
        let lines = ["", "-forced"].map { "  \(word)\($0): { user: \(word)\($0), events: [ profile.viewed ] }\n" }
        try text.replacing("publishers:\n", with: "publishers:\n" + lines.joined())
            .write(toFile: path, atomically: true, encoding: .utf8)
        func run(_ words: String..., in file: String) async throws -> (status: Int32, text: String, messages: String) {
            let output = try await fleet.home.run(["publisher"] + words, environment: ["FLOTILLA_QUEUES": file])
            return (output.status, output.text, output.messages)
        }
        let url = try await run("create", word, in: path).text.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try await run("create", "\(word)-forced", in: path).status == 0)
        #expect(try await publish("profile.viewed", "{}", by: url))

        let listed = try await run("remove", word, "--yes", in: path)
        #expect(listed.status == 2 && listed.messages.contains("lists the publisher \(word)"))
        #expect(try await run("remove", word, in: FleetFixture.queuesFile).status == 2)
        #expect(try await publish("profile.viewed", "{}", by: url))
        let removed = try await run("remove", word, "--yes", in: FleetFixture.queuesFile)
        #expect(removed.status == 0, "\(removed.messages)")
        #expect(try await !publish("profile.viewed", "{}", by: url))
        #expect(try await run("remove", word, "--yes", in: FleetFixture.queuesFile).status == 1)
        let forced = try await run("remove", "\(word)-forced", "--force", "--yes", in: path)
        #expect(forced.status == 0, "\(forced.messages)")

        let own = try RabbitMQConfiguration(url: fleet.addresses["RABBITMQ_URL"] ?? "").user
        for user in [own, "publisher"] {
            let refused = try await run("remove", user, "--force", "--yes", in: FleetFixture.queuesFile)
            #expect(refused.status == 2, "\(user)")
        }
    }
}
