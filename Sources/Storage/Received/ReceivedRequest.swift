package import FlotillaModels
import FlotillaPlatform

/// The request that a task works on: whatever the task puts into the outbox is stamped with where it came from.
package struct ReceivedRequest: Sendable {
    /// Of the request that this task answers; `nil` elsewhere. Tasks that serve several requests have to be detached.
    @TaskLocal package static var current: ReceivedRequest?

    package let from: ReceivedFrom
    private let seal: ReceivedSeal?

    /// - Parameter seal: `nil` stamps what nobody believes, for want of a master key.
    package init(_ from: ReceivedFrom, seal: ReceivedSeal?) {
        self.from = from
        self.seal = seal
    }

    /// Whether what it stamps is believed.
    package var isSealed: Bool { seal != nil }

    /// The message with the headers `received-*` of this request in place of any others, and with an id.
    ///
    /// - Parameter id: what the caller calls it, where the message's id is another one.
    package func stamped(_ outgoing: OutgoingMessage, id: String? = nil) -> OutgoingMessage {
        var outgoing = outgoing
        if outgoing.message.properties.messageID == nil, outgoing.message.properties.malformed["message-id"] == nil {
            outgoing.message.properties.messageID = UUIDv7.make()
        }
        outgoing.message.headers.setReceived(from, id: id)
        outgoing.message.headers[FleetHeader.receivedSeal] = seal.map { seal in
            .string(seal.text(of: outgoing.message.headers, ReceivedSeal.Envelope(outgoing)))
        }
        return outgoing
    }
}

extension OutgoingMessage {
    /// The message as the request of this task has to stamp it; as it is, where there is none or it is stamped already.
    package var received: OutgoingMessage {
        guard let request = ReceivedRequest.current, message.headers[FleetHeader.receivedBy] == nil else { return self }
        return request.stamped(self)
    }
}

extension HeaderTable {
    fileprivate mutating func setReceived(_ from: ReceivedFrom, id: String?) {
        self[FleetHeader.receivedBy] = .string(from.by)
        self[FleetHeader.receivedRoute] = from.route.map { .string($0) }
        self[FleetHeader.receivedAddress] = from.address.map { .string($0) }
        // From the middle of the millisecond: the text cuts off what is below, and the time may be written a little too small.
        self[FleetHeader.receivedAt] = from.at.map { .string(WallClock.iso8601($0 + 500)) }
        self[FleetHeader.receivedID] = id.map { .string($0) }
    }
}
