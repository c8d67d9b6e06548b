import FlotillaMessaging
import FlotillaModels
import Testing

struct PublisherFileTests {
    private func file(_ lines: String...) -> String {
        """
        version: 1
        queues:
          mail.send: { worker: w, bind: [ { exchange: direct, key: mail.send }, { exchange: topic, key: "order.*" } ] }
          mail.secret: { worker: w, bind: [ { exchange: direct, key: mail.secret } ] }

        """ + lines.joined(separator: "\n")
    }

    private func mistakes(_ lines: String...) throws -> [String] {
        let text = file(lines.joined(separator: "\n"))
        let error = #expect(throws: TopologyMistakes.self) { _ = try TopologyFile.decode(text) }
        return try #require(error).mistakes.map { "\($0.line): \($0.message)" }
    }

    @Test func `publishers are read with their patterns, and get an exchange for the commands that they may send`()
        throws
    {
        let topology = try TopologyFile.decode(
            file(
                "strictPublishers: true",
                "fleetUsers: [ fleet-api ]",
                "publishers:",
                #"  shop: { user: shop-user, events: [ "order.*", user.left ], commands: [ mail.send ], reply: "shop.#" }"#,
                "  crm: { user: crm, events: [ lead.won ] }"
            )
        )
        let publishers = try #require(topology.publishers)
        #expect(publishers.isStrict && publishers.fleetUsers == ["fleet-api"])
        #expect(
            publishers.publishers == [
                Publisher(
                    service: "shop",
                    user: "shop-user",
                    events: ["order.*", "user.left"],
                    commands: ["mail.send"],
                    reply: "shop.#"
                ), Publisher(service: "crm", user: "crm", events: ["lead.won"]),
            ]
        )
        #expect(topology.outsideCommands == Exchange(alias: "commands", name: "fleet.commands", kind: .topic))
        #expect(topology.exchanges.map(\.name).contains("fleet.commands"))
        let bound = topology.queues.filter { $0.bindings.contains { $0.exchange == "fleet.commands" } }
        #expect(bound.map(\.name) == ["mail.send"])
    }

    @Test func `without publishers there is no such exchange`() throws {
        let topology = try TopologyFile.decode(file())
        #expect(topology.publishers == nil && topology.outsideCommands == nil)
        #expect(topology.exchanges.count == 3)
    }

    @Test func `every mistake has its line`() throws {
        let found = try mistakes(
            "strictPublishers: perhaps",
            "fleetUsers: [ api, api ]",
            "publishers:",
            "  shop:",
            "    usr: shop",
            #"    events: [ "order*", "a..b" ]"#,
            "  crm: { user: api, events: lead.won }",
            "  web: { user: w w, commands: [ [] ] }",
            "  one: { user: same, events: [ a.b ], reply: mail.x }",
            #"  two: { user: same, events: [ a.b ], reply: "*.x" }"#
        )
        #expect(
            found == [
                "5: strictPublishers: expected true or false, found 'perhaps'",
                "6: fleetUsers.1: 'api' twice",
                "9: publishers.shop.usr: unknown key; did you mean 'user'?",
                "9: publishers.shop: 'user' is missing",
                "10: publishers.shop.events.0: 'order*': '*' and '#' stand for whole words",
                "10: publishers.shop.events.1: 'a..b' has an empty word",
                "11: publishers.crm.user: 'api' is one of fleetUsers, who may send everything",
                "11: publishers.crm.events: expected a list of patterns, found 'lead.won'",
                "12: publishers.web.user: the name of a user holds no blanks and no control characters",
                "12: publishers.web.commands.0: expected text, found a list",
                "13: publishers.one.reply: 'mail.x': queues that begin with 'mail.' are not the publisher's",
                "14: publishers.two.user: 'same' is already the user of 'one'",
                "14: publishers.two.reply: '*.x': its first word may be no wildcard",
            ]
        )
    }

    @Test func `strictness needs publishers, and a publisher something to send`() throws {
        #expect(try mistakes("strictPublishers: true") == ["5: strictPublishers: has no meaning without 'publishers'"])
        #expect(
            try mistakes("publishers:", "  shop: { user: shop }")
                == ["6: publishers.shop: 'events' or 'commands' is missing"]
        )
    }
}
