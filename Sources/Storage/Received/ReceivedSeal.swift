package import FlotillaModels
package import FlotillaPlatform

/// Seals what the headers `received-*` say, so that nobody outside the fleet can write them: an HMAC under a key that follows
/// from the master key, over the headers, the message's id, name, content type and correlation id, where it was published to,
/// and its body.
///
/// A copy of a sealed message, headers and all, says what is true of the original, whose id it has.
package struct ReceivedSeal: Sendable {
    /// What of a message the seal covers besides the headers.
    package struct Envelope: Sendable {
        package var messageID: String
        /// The event's name where it is not the routing key.
        package var type: String?
        package var contentType: String?
        package var correlationID: String?
        package var exchange: String
        package var routingKey: String
        package var body: [UInt8]

        /// - Parameter messageID: where the message has none.
        package init(_ message: Message, messageID: String = "", exchange: String, routingKey: String) {
            self.messageID = message.properties.messageID ?? messageID
            type = message.properties.type
            contentType = message.properties.contentType
            correlationID = message.properties.correlationID
            self.exchange = exchange
            self.routingKey = routingKey
            body = message.body
        }

        init(_ outgoing: OutgoingMessage) {
            self.init(outgoing.message, exchange: outgoing.exchange, routingKey: outgoing.routingKey)
        }
    }

    /// What a seal covers, by the form of its text.
    private enum Version: UInt8 {
        /// Without a number: of messages that were on their way when the fleet was updated. It leaves out name, content type,
        /// correlation id and the headers of CloudEvents.
        case first = 1
        case second = 2
    }

    private let masters: MasterKeyring

    package init(_ masters: MasterKeyring) { self.masters = masters }

    /// Version, key's id and digest: `2:<16 hexadecimal digits>:<64 hexadecimal digits>`.
    func text(of headers: HeaderTable, _ envelope: Envelope) -> String {
        let key = masters.current
        return "\(Version.second.rawValue):\(key.id):\(Self.digest(headers, envelope, .second, by: key).hexadecimal)"
    }

    /// What the headers say, if the fleet has sealed it for this message; `nil` for any others.
    package func open(_ headers: HeaderTable, _ envelope: Envelope) -> ReceivedFrom? {
        guard let text = headers[FleetHeader.receivedSeal]?.text, let by = headers[FleetHeader.receivedBy]?.text
        else { return nil }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var version = Version.first
        if parts.count == 3 {
            guard parts.removeFirst() == "\(Version.second.rawValue)" else { return nil }
            version = .second
        }
        guard parts.count == 2, parts[0].utf8.count == 16, parts[1].utf8.count == 64,
            let key = masters.known(String(parts[0]))
        else { return nil }
        let digest = Array(Self.digest(headers, envelope, version, by: key).hexadecimal.utf8)
        guard ConstantTime.areEqual(digest, Array(parts[1].utf8)) else { return nil }
        return ReceivedFrom(
            by: by,
            route: headers[FleetHeader.receivedRoute]?.text,
            address: headers[FleetHeader.receivedAddress]?.text,
            at: headers[FleetHeader.receivedAt]?.text.flatMap { WrittenTime($0)?.microseconds },
            id: headers[FleetHeader.receivedID]?.text
        )
    }

    /// Each part begins with its length, so that no two messages give the same digest; those of the first version have no
    /// byte of the version before them.
    private static func digest(
        _ headers: HeaderTable,
        _ envelope: Envelope,
        _ version: Version,
        by key: MasterKeys.Key
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        func append(_ text: String?) {
            bytes += "\(text?.utf8.count ?? -1):".utf8
            bytes += (text ?? "").utf8
        }
        if version == .second { bytes.append(version.rawValue) }
        for name in FleetHeader.received { append(headers[name]?.text) }
        append(envelope.messageID)
        append(envelope.exchange)
        append(envelope.routingKey)
        if version == .second {
            append(envelope.type)
            append(envelope.contentType)
            append(envelope.correlationID)
            // They would give the event another name.
            for entry in headers.entries where entry.name.hasPrefix("cloudEvents") {
                append(entry.name)
                append(entry.value.text)
            }
        }
        bytes += SHA256.digest(envelope.body)
        return key.received.digest(bytes)
    }
}
