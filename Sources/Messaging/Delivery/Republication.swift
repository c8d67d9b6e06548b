package import FlotillaModels

/// How a message is published again (to the ladder, a dead-letter queue, or back to its queue) without repeating
/// what the broker acted on the first time.
///
/// A foreign `user-id` would be refused, an `expiration` would make the message vanish, `CC` and `BCC` would route
/// copies again, and a transient message would not survive a restart. Their values wait in the header
/// `origin-properties`, for the handler and for the operator, and the message itself is persistent.
package enum Republication {
    static let copyHeaders = ["CC", "BCC"]

    /// The message as it may be published again.
    package static func prepare(_ message: Message) -> Message {
        var prepared = message
        var aside: HeaderTable = message.headers[FleetHeader.originProperties]?.table ?? HeaderTable()
        if let userID = message.properties.userID {
            // What the fleet has sent again bears the fleet's own user; the publisher's is set aside already.
            if message.headers[FleetHeader.originQueue] == nil { aside["user-id"] = .string(userID) }
            prepared.properties.userID = nil
        }
        if let expiration = message.properties.expiration {
            aside["expiration"] = .string(expiration)
            prepared.properties.expiration = nil
        }
        for field in ["user-id", "expiration"] {
            if let bytes = prepared.properties.malformed.removeValue(forKey: field) {
                aside[field] = .binaryString(bytes)
            }
        }
        if message.properties.deliveryMode != 2, aside["delivery-mode"] == nil,
            message.headers[FleetHeader.retryCount] == nil
        {
            aside["delivery-mode"] = .uint8(message.properties.deliveryMode ?? 0)
        }
        prepared.properties.deliveryMode = 2
        for name in copyHeaders {
            if let value = message.headers[name] {
                aside[name] = value
                prepared.headers[name] = nil
            }
        }
        prepared.headers.entries.removeAll { isWrittenByBroker($0.name) }
        prepared.headers[FleetHeader.originProperties] = aside.isEmpty ? nil : .table(aside)
        return prepared
    }

    /// The message as its publisher made it: set-aside values are back, the fleet's and the broker's headers are gone.
    package static func restore(_ message: Message) -> Message {
        var restored = message
        if message.headers[FleetHeader.originQueue] != nil { restored.properties.userID = nil }
        if let aside = message.headers[FleetHeader.originProperties]?.table {
            for entry in aside.entries { putBack(entry, into: &restored) }
        }
        restored.headers.entries.removeAll { isWrittenByBroker($0.name) || FleetHeader.bookkeeping.contains($0.name) }
        return restored
    }

    private static func putBack(_ entry: HeaderTable.Entry, into message: inout Message) {
        switch (entry.name, entry.value) {
        case ("user-id", .string(let text)): message.properties.userID = text
        case ("expiration", .string(let text)): message.properties.expiration = text
        case ("user-id", .binaryString(let bytes)), ("expiration", .binaryString(let bytes)):
            message.properties.malformed[entry.name] = bytes
        case ("delivery-mode", .uint8(let mode)): message.properties.deliveryMode = mode == 0 ? nil : mode
        case let (name, value) where copyHeaders.contains(name): message.headers[name] = value
        default: break
        }
    }

    /// `x-death` and what accompanies it, and the quorum queues' delivery count.
    static func isWrittenByBroker(_ name: String) -> Bool {
        name == FleetHeader.brokerDeath || name == "x-delivery-count" || name == "x-acquired-count"
            || name.hasPrefix("x-first-death-") || name.hasPrefix("x-last-death-")
    }
}

extension FieldValue {
    fileprivate var table: HeaderTable? {
        if case .table(let table) = self { table } else { nil }
    }
}

extension FleetHeader {
    /// What the fleet writes on a message when it retries or dead-letters it. `replay-of` and the job's id stay
    /// visible.
    package static let bookkeeping = failure.union([originExchange, originRoutingKey, originQueue, originProperties])

    /// Of those, the ones about failures; a message that an operator sends back starts without them.
    package static let failure: Set<String> = [
        retryCount, retryMax, firstFailedAt, lastFailedAt, errorType, errorMessage, errorFingerprint, failedWorker,
        limitReturns,
    ]
}
