import FlotillaMessaging
import FlotillaModels
import FlotillaTelemetry
import Testing

struct PublisherRightsTests {
    private static func topology(isStrict: Bool) -> Topology {
        Topology(
            queues: [QueueDefinition(name: "mail.order.placed", worker: "w")],
            publishers: PublisherList(
                [Publisher(service: "shop", user: "shop", events: ["order.*", "quota.#"], commands: ["mail.*"])],
                isStrict: isStrict,
                fleetUsers: ["fleet-api"]
            )
        )
    }

    private let rights = PublisherRights(
        Self.topology(isStrict: true),
        user: "fleet",
        fleetOnly: .init(events: ["quota.warning"], commands: ["mail.deliver"]),
        metrics: Metrics(),
        log: Log(service: "test", threshold: .error)
    )

    private func message(from user: String?, headers: HeaderTable = [:]) -> Message {
        var message = Message(headers: headers)
        message.properties.userID = user
        return message
    }

    private func reason(_ message: Message, _ name: String, by exchange: String = "fleet.topic") throws
        -> PublisherRefusal.Reason?
    {
        let rights = try #require(rights)
        return rights.refusal(of: message, named: name, by: exchange, in: "q")?.reason
    }

    @Test(
        arguments: [
            ("shop", "order.placed", "fleet.topic", nil), ("shop", "payment.done", "fleet.topic", .name),
            ("shop", "mail.send", "fleet.topic", .name), ("shop", "mail.send", "fleet.commands", nil),
            ("shop", "order.placed", "fleet.commands", .name), ("shop", "mail.send", "fleet.direct", nil),
            ("shop", "quota.used", "fleet.topic", nil), ("shop", "quota.warning", "fleet.topic", .fleetOnly),
            ("shop", "mail.deliver", "fleet.commands", .fleetOnly), ("crm", "order.placed", "fleet.topic", .unlisted),
            (nil, "order.placed", "fleet.topic", .unsigned), ("fleet", "quota.warning", "fleet.topic", nil),
            ("fleet-api", "payment.done", "fleet.direct", nil),
        ] as [(String?, String, String, PublisherRefusal.Reason?)]
    )
    func `a user may send what its line lists`(
        user: String?,
        name: String,
        exchange: String,
        expected: PublisherRefusal.Reason?
    ) throws {
        // The second answer is from memory.
        for _ in 0..<2 { #expect(try reason(message(from: user), name, by: exchange) == expected) }
    }

    @Test func `what the fleet sends again was admitted before, but for what it has refused`() throws {
        var headers: HeaderTable = [FleetHeader.originQueue: "mail.order.placed"]
        #expect(try reason(message(from: "fleet", headers: headers), "payment.done") == nil)
        headers[FleetHeader.errorType] = .string(Failure.unauthorisedPublisher)
        #expect(try reason(message(from: "fleet", headers: headers), "payment.done") == .unsigned)
        headers[FleetHeader.originProperties] = .table(["user-id": "shop"])
        #expect(try reason(message(from: "fleet", headers: headers), "payment.done") == .name)
        #expect(try reason(message(from: "fleet", headers: headers), "order.placed") == nil)
    }

    @Test func `without publishers nobody is asked`() {
        let rights = PublisherRights(
            Topology(),
            user: "fleet",
            fleetOnly: .init(),
            metrics: Metrics(),
            log: Log(service: "test", threshold: .error)
        )
        #expect(rights == nil)
    }

    @Test func `a name from outside a million times does not fill the memory`() throws {
        let rights = try #require(rights)
        for number in 0..<50_000 {
            _ = rights.refusal(of: message(from: "shop"), named: "x.\(number)", by: "fleet.topic", in: "q")
        }
        #expect(rights.rememberedAnswers <= 10_000)
    }

    private static let headers: HeaderTable = [
        FleetHeader.jobID: "j-1", FleetHeader.originRoutingKey: "payment.done", "mine": "stays",
    ]

    private func screened(
        _ user: String?,
        _ exchange: String,
        isStrict: Bool = false,
        queue: String = "mail.order.placed",
        more: HeaderTable = [:]
    ) throws -> Bool {
        let trust = try #require(FleetHeaderTrust(Self.topology(isStrict: isStrict), user: "fleet"))
        let received = message(from: user, headers: HeaderTable(Self.headers.entries + more.entries))
        let message = trust.screened(received, exchange: exchange, queue: queue)
        #expect(message.headers["mine"] == "stays")
        #expect((message.headers[FleetHeader.jobID] == nil) == (message.headers[FleetHeader.originRoutingKey] == nil))
        return message.headers[FleetHeader.jobID] != nil
    }

    @Test func `the fleet's headers are believed on its own messages`() throws {
        for exchange in ["", "fleet.topic", "fleet.direct", "fleet.delay.03"] {
            #expect(try screened("fleet", exchange))
            #expect(try screened("fleet-api", exchange, isStrict: true))
            #expect(try !screened("shop", exchange))
        }
    }

    @Test
    func `without a user they are believed only from exchanges that are the fleet's, until publishers are strict`()
        throws
    {
        #expect(try screened(nil, ""))
        #expect(try screened(nil, "fleet.direct"))
        #expect(try !screened(nil, "fleet.topic"))
        #expect(try !screened(nil, "fleet.commands"))
        #expect(try !screened(nil, "", isStrict: true))
    }

    @Test func `what the broker has dead-lettered is believed only where the fleet's queues did it`() throws {
        let ladder: HeaderTable = ["x-first-death-queue": "fleet.delay.03", "x-death": .array([])]
        let work: HeaderTable = ["x-first-death-queue": "mail.order.placed", "x-death": .array([])]
        let foreign: HeaderTable = ["x-first-death-queue": "shop.replies", "x-death": .array([])]
        #expect(try screened(nil, "", more: ladder))
        // A publisher can write these headers itself, and its message can die in a queue of the fleet.
        #expect(try !screened(nil, "", queue: "dlq.mail.order.placed", more: ladder))
        #expect(try !screened(nil, "", queue: "dlq.mail.order.placed", more: work))
        #expect(try screened("fleet", "", queue: "dlq.mail.order.placed", more: work))
        #expect(try !screened("fleet", "fleet.topic", more: foreign))
    }
}
