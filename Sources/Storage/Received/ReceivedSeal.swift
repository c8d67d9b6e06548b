package import FlotillaModels
package import FlotillaPlatform

/// Seals what the headers `received-*` say, so that nobody outside the fleet can write them: an HMAC under a key that follows
/// from the master key, over the headers, the message's id, where it was published to, and its body.
///
/// A copy of a sealed message, headers and all, says what is true of the original, whose id it has.
package struct ReceivedSeal: Sendable {
    /// What of a message the seal covers besides the headers.
    package struct Envelope: Sendable {
        package var messageID: String
        package var exchange: String
        package var routingKey: String
        package var body: [UInt8]

        package init(messageID: String, exchange: String, routingKey: String, body: [UInt8]) {
            self.messageID = messageID
            self.exchange = exchange
            self.routingKey = routingKey
            self.body = body
        }

        init(_ outgoing: OutgoingMessage) {
            self.init(
                messageID: outgoing.message.properties.messageID ?? "",
                exchange: outgoing.exchange,
                routingKey: outgoing.routingKey,
                body: outgoing.message.body
            )
        }
    }

    private let masters: MasterKeyring

    package init(_ masters: MasterKeyring) { self.masters = masters }

    /// The key's id and the digest: `<16 hexadecimal digits>:<64 hexadecimal digits>`.
    func text(of headers: HeaderTable, _ envelope: Envelope) -> String {
        let key = masters.current
        return "\(key.id):\(Self.digest(headers, envelope, by: key).hexadecimal)"
    }

    /// What the headers say, if the fleet has sealed it for this message; `nil` for any others.
    package func open(_ headers: HeaderTable, _ envelope: Envelope) -> ReceivedFrom? {
        guard let text = headers[FleetHeader.receivedSeal]?.text, let by = headers[FleetHeader.receivedBy]?.text
        else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == 64,
            let key = masters.known(String(parts[0]))
        else { return nil }
        let digest = Array(Self.digest(headers, envelope, by: key).hexadecimal.utf8)
        guard ConstantTime.areEqual(digest, Array(parts[1].utf8)) else { return nil }
        return ReceivedFrom(
            by: by,
            route: headers[FleetHeader.receivedRoute]?.text,
            address: headers[FleetHeader.receivedAddress]?.text,
            at: headers[FleetHeader.receivedAt]?.text.flatMap { WrittenTime($0)?.microseconds },
            id: headers[FleetHeader.receivedID]?.text
        )
    }

    /// Each part begins with its length, so that no two messages give the same digest.
    private static func digest(_ headers: HeaderTable, _ envelope: Envelope, by key: MasterKeys.Key) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ text: String?) {
            bytes += "\(text?.utf8.count ?? -1):".utf8
            bytes += (text ?? "").utf8
        }
        for name in FleetHeader.received { append(headers[name]?.text) }
        append(envelope.messageID)
        append(envelope.exchange)
        append(envelope.routingKey)
        bytes += SHA256.digest(envelope.body)
        return key.received.digest(bytes)
    }
}
