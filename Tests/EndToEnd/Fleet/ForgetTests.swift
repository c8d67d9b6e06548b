import FlotillaModels
import FlotillaStorage
import FlotillaTestSupport
import Foundation
import Testing

extension FleetTests {
    /// A person who has been everywhere in the fleet.
    private struct Guest {
        let id: String
        let name: String
        let address: String
        let number: String

        init(_ word: String) {
            id = word + "-user"
            name = "Nour Benali\(word)"
            address = "nour.\(word)@example.com"
            // Digits alone, so that it is one number for whoever reads it.
            number = "+336" + word.utf8.reduce(17) { ($0 * 31 + Int($1)) % 90_000_000 }.description
        }

        /// What must not stand anywhere afterwards, in any case and as the bytes of a column.
        var texts: [String] {
            [name, String(name.drop { $0 != "B" }), address, String(number.dropFirst())].map { $0.lowercased() }
        }

        var fields: String {
            #""userId":"\#(id)","name":"\#(name)","email":"\#(address)","phone":"\#(number)""#
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `who has been everywhere in the fleet and is forgotten is in no table, in no queue, and not in Redis`()
        async throws
    {
        let fleet = try await FleetFixture.current()
        let word = TestServers.uniqueWord()
        let guest = Guest(word)
        let redis = RedisClient(try RedisConfiguration(url: fleet.addresses["REDIS_URL"] ?? ""), name: "test")
        try await fleet.withWorkers { _ in
            try await fleet.withAPI { port, key in try await visit(fleet, guest, word, port, key) }
        }
        // With nobody there to file it, it stays in its queue.
        try await fleet.publish(
            OutgoingMessage(
                exchange: "",
                routingKey: "dlq.search.profile.updated",
                message: Message(body: Array(#"{"profileId":[],\#(guest.fields)}"#.utf8))
            )
        )
        // As a worker keeps the last error of a job while it waits.
        _ = try await redis.command([
            "HSET", .text("flotilla:job:\(word)"), "last_error", .text(guest.address.uppercased()),
        ])
        let before = try await places(fleet, redis, guest)
        #expect(
            before.isSuperset(of: ["dead_letters", "notifications", "recipients", "search_records", "redis"]),
            "\(before)"
        )

        let environment = ["FLOTILLA_QUEUES": FleetFixture.queuesFile]
        try await fleet.home.succeed("audit", "forget", guest.id, "--yes", environment: environment)

        #expect(try await places(fleet, redis, guest) == [])
        #expect(try await fleet.fullDeadLetterQueues() == [])
        let check = try await fleet.home.run("audit", "verify", "--full", "--output", "json")
        #expect(check.status == 0, "\(check.text)")
        let report = try await fleet.home.run("audit", "report", "--subject", guest.id)
        #expect(report.status == 0 && report.text.contains("forgotten"))
        for text in guest.texts { #expect(!report.text.lowercased().contains(text)) }
        await redis.close()
        // Other tests of this home count dead letters.
        _ = try await fleet.pool.query(SQLStatement("DELETE FROM dead_letters"))
    }

    /// Leaves something of the guest with every worker.
    private func visit(_ fleet: FleetFixture, _ guest: Guest, _ word: String, _ port: UInt16, _ key: String)
        async throws
    {
        func publish(_ event: String, _ body: String) async throws {
            try await fleet.publish(.event(event, id: "\(word)-\(event)", body))
        }
        try await publish(
            "user.created",
            #"{\#(guest.fields),"address":{"street":"7 rue \#(guest.name)"},"language":"fr"}"#
        )
        try await eventually("the guest is known and welcomed") {
            try await fleet.count("SELECT count(*) FROM notifications WHERE recipient = $1", .text("user:\(guest.id)"))
                >= 1
        }
        try await publish(
            "profile.validated",
            #"{"profileId":"\#(word)-profile","firstName":"Nour","lastName":"Benali\#(word)",\#(guest.fields),"title":"Soudeuse","summary":"\#(guest.name), \#(guest.address)"}"#
        )
        // One that no worker can read, and mails that somebody else asks for.
        try await publish("profile.viewed", #"{"profileId":"\#(word)-profile",\#(guest.fields)}"#)
        let client = try RawClient(port: port)
        for (path, body) in [
            (
                "notifications/email",
                #"{"to":"\#(guest.address)","template":"message","data":{"title":"\#(guest.name)","body":"Dear \#(guest.name)"}}"#
            ),
            (
                "jobs",
                #"{"type":"notification.email","payload":{"to":"\#(guest.address)","template":"none","data":{"x":"\#(guest.name)"}}}"#
            ),
        ] {
            client.send(
                """
                POST /api/v1/\(path) HTTP/1.1\r\nHost: localhost\r\nX-API-Key: \(key)\r\nContent-Type: application/json\r
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """
            )
            let response = await client.response()
            #expect((200..<300).contains(response?.status ?? 0), "\(response?.body ?? "no answer")")
        }
        try await eventually("the mails are sent, and what is dead is filed") {
            let sent = try await fleet.count(
                "SELECT count(*) FROM notifications WHERE address = $1 AND status = 'sent'",
                .text(guest.address)
            )
            let filed = try await fleet.count(
                "SELECT count(*) FROM dead_letters WHERE convert_from(body, 'UTF8') LIKE $1",
                .text("%\(guest.address)%")
            )
            return sent >= 3 && filed >= 2
        }
        try await eventually("the profile is indexed") {
            try await fleet.count(
                "SELECT count(*) FROM search_profiles WHERE profile_id = $1",
                .text("\(word)-profile")
            ) == 1
        }
        try await eventually("what happened is in the audit log") { try await fleet.auditRows(word) >= 3 }
    }

    /// The tables of a dump in which something of the guest stands, and `redis`.
    private func places(_ fleet: FleetFixture, _ redis: RedisClient, _ guest: Guest) async throws -> Set<String> {
        let file = fleet.home.path + "/dump.sql"
        let arguments = ["--dbname", fleet.addresses["DATABASE_URL"] ?? "", "--data-only", "--file", file]
        #expect(try await Program.exitCode(of: "/usr/bin/pg_dump", arguments) == 0)
        let sought = guest.texts + guest.texts.flatMap(Self.hexadecimal)
        var places: Set<String> = []
        var table = ""
        for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("COPY ") {
                table = String(line.split(separator: " ")[1].split(separator: ".").last ?? "")
            }
            let text = line.lowercased()
            if sought.contains(where: { text.contains($0) }) { places.insert(Self.parent(of: table)) }
        }
        for key in try await redis.command(["KEYS", "*"]).elements.compactMap(\.text) {
            let type = try await redis.command(["TYPE", .text(key)]).text
            let read: [RedisArgument] =
                switch type {
                case "hash": ["HGETALL", .text(key)]
                case "list": ["LRANGE", .text(key), 0, -1]
                case "set": ["SMEMBERS", .text(key)]
                case "zset": ["ZRANGE", .text(key), 0, -1]
                default: ["GET", .text(key)]
                }
            let reply = try await redis.command(read)
            let texts = [key, reply.text ?? ""] + reply.elements.compactMap(\.text)
            let text = texts.joined(separator: " ").lowercased()
            if guest.texts.contains(where: { text.contains($0) }) { places.insert("redis") }
        }
        return places
    }

    /// A dump shows bytes by hexadecimal digits; the same text may be there in other capitals.
    private static func hexadecimal(_ text: String) -> [String] {
        [text, text.uppercased(), text.capitalized].map {
            $0.utf8.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }

    /// `search_records_1` is a part of `search_records`.
    private static func parent(of table: String) -> String {
        String(table.prefix { !$0.isNumber }).trimmingCharacters(in: ["_"])
    }
}
