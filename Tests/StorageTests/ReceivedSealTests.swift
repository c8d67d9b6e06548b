import FlotillaModels
@testable import FlotillaPlatform
@testable import FlotillaStorage
import Testing

/// Where a message came from, as the fleet seals it.
struct ReceivedSealTests {
    private static let masters = MasterKeys.generate()
    private static let from = ReceivedFrom(
        by: "key:3f9a0c11d2e4",
        route: "POST /api/v1/events",
        address: "192.0.2.7",
        at: 1_790_000_000_123_000
    )

    private func seal(_ text: Secret = masters) throws -> ReceivedSeal {
        ReceivedSeal(try MasterKeyring { try MasterKeys(text) })
    }

    private func message(id: String = "m-1", headers: HeaderTable = HeaderTable()) -> OutgoingMessage {
        var message = Message(headers: headers, body: Array(#"{"id":7}"#.utf8))
        message.properties.messageID = id
        message.properties.type = "profile.viewed"
        return OutgoingMessage(exchange: "fleet.topic", routingKey: "profile.viewed", message: message)
    }

    private func envelope(_ outgoing: OutgoingMessage) -> ReceivedSeal.Envelope { ReceivedSeal.Envelope(outgoing) }

    @Test func `what was stamped is read as it was`() throws {
        let seal = try seal()
        let stamped = ReceivedRequest(Self.from, seal: seal).stamped(message(), id: "pay-7")
        var expected = Self.from
        expected.id = "pay-7"
        #expect(seal.open(stamped.message.headers, envelope(stamped)) == expected)
    }

    @Test func `every header, the id, the exchange, the routing key and the body are covered`() throws {
        let seal = try seal()
        let stamped = ReceivedRequest(Self.from, seal: seal).stamped(message(), id: "pay-7")
        for name in FleetHeader.received + [FleetHeader.receivedSeal] {
            var headers = stamped.message.headers
            headers[name] = .string("key:000000000000")
            #expect(seal.open(headers, envelope(stamped)) == nil, "\(name) changed")
            headers[name] = nil
            #expect(seal.open(headers, envelope(stamped)) == nil, "\(name) removed")
        }
        let changes: [(inout ReceivedSeal.Envelope) -> Void] = [
            { $0.messageID = "m-2" }, { $0.exchange = "fleet.fanout" }, { $0.routingKey = "profile.updated" },
            { $0.body.append(32) }, { $0.type = "token.purchased" }, { $0.type = nil }, { $0.correlationID = "c" },
            { $0.contentType = "application/cloudevents+json" },
        ]
        for (index, change) in changes.enumerated() {
            var other = envelope(stamped)
            change(&other)
            #expect(seal.open(stamped.message.headers, other) == nil, "change \(index)")
        }
    }

    @Test func `headers of a CloudEvent, which would give the event another name, break the seal`() throws {
        let seal = try seal()
        let stamped = ReceivedRequest(Self.from, seal: seal).stamped(message())
        var headers = stamped.message.headers
        headers["cloudEvents:type"] = .string("token.purchased")
        #expect(seal.open(headers, envelope(stamped)) == nil)
    }

    @Test func `a message that was sealed before the update is believed, and another's digest is not`() throws {
        let seal = try seal()
        var stamped = ReceivedRequest(Self.from, seal: seal).stamped(message())
        // Over the headers, the id, exchange and routing key, each with its length, and the digest of the body.
        var bytes: [UInt8] = []
        for name in FleetHeader.received {
            let text = stamped.message.headers[name]?.text
            bytes += "\(text?.utf8.count ?? -1):\(text ?? "")".utf8
        }
        bytes += "3:m-111:fleet.topic14:profile.viewed".utf8 + SHA256.digest(stamped.message.body)
        let key = try MasterKeys(Self.masters).current
        stamped.message.headers[FleetHeader.receivedSeal] = .string(
            "\(key.id):\(key.received.digest(bytes).hexadecimal)"
        )
        #expect(seal.open(stamped.message.headers, envelope(stamped)) == Self.from)
        stamped.message.headers[FleetHeader.receivedSeal] = .string(
            "2:\(key.id):\(key.received.digest(bytes).hexadecimal)"
        )
        #expect(seal.open(stamped.message.headers, envelope(stamped)) == nil)
    }

    @Test func `the seal of another fleet is none`() throws {
        let stamped = ReceivedRequest(Self.from, seal: try seal(MasterKeys.generate())).stamped(message())
        #expect(try seal().open(stamped.message.headers, envelope(stamped)) == nil)
    }

    @Test func `what an older master key has sealed is believed while that key is kept`() throws {
        let stamped = ReceivedRequest(Self.from, seal: try seal()).stamped(message())
        let newer = Secret(MasterKeys.generate().revealed + "," + Self.masters.revealed)
        #expect(try seal(newer).open(stamped.message.headers, envelope(stamped)) == Self.from)
    }

    @Test func `a stamp replaces headers that were there, and needs a seal to be believed`() throws {
        let forged: HeaderTable = [
            FleetHeader.receivedBy: .string("key:forged"), FleetHeader.receivedID: .string("x"),
            FleetHeader.receivedSeal: .string("0123456789abcdef:\(String(repeating: "0", count: 64))"),
        ]
        let seal = try seal()
        let stamped = ReceivedRequest(Self.from, seal: seal).stamped(message(headers: forged))
        #expect(seal.open(stamped.message.headers, envelope(stamped)) == Self.from)
        #expect(stamped.message.headers.entries.filter { $0.name == FleetHeader.receivedBy }.count == 1)
        let unsealed = ReceivedRequest(Self.from, seal: nil).stamped(message(headers: forged))
        #expect(seal.open(unsealed.message.headers, envelope(unsealed)) == nil)
        #expect(seal.open(forged, envelope(message(headers: forged))) == nil)
    }

    @Test func `whatever a task puts into the outbox is stamped with its request`() throws {
        let seal = try seal()
        let statement = ReceivedRequest.$current.withValue(ReceivedRequest(Self.from, seal: seal)) {
            Outbox.insert([message(id: "m-1"), message(id: "m-2")])
        }
        guard case .textArray(let headers) = statement.values[3] else {
            Issue.record("no headers")
            return
        }
        #expect(headers.count == 2 && headers.allSatisfy { $0?.contains("key:3f9a0c11d2e4") == true })
    }
}
