import FlotillaModels

/// What AMQP or the broker can't carry. Publishing it would end the channel, and with it everybody's publishes.
struct PublishLimits {
    /// RabbitMQ's own limit for a body, in bytes.
    static let maximumBody = 134_217_728

    /// Whose name the broker takes in `user_id`; with `nil` it takes any.
    let user: String?
    let maximumFrameSize: Int

    /// Why a message can't be published, or `nil` when it can.
    func refusal(of outgoing: borrowing OutgoingMessage) -> String? {
        if outgoing.exchange.utf8.count > 255 { return "the exchange's name is longer than 255 bytes" }
        if outgoing.routingKey.utf8.count > 255 { return "the routing key is longer than 255 bytes" }
        if outgoing.message.body.count > Self.maximumBody { return "the body is larger than \(Self.maximumBody) bytes" }
        let properties = outgoing.message.properties
        if let user, let userID = properties.userID, userID != user {
            return "user_id is \(userID), but the user is \(user)"
        }
        if let expiration = properties.expiration, !Self.isExpiration(expiration) {
            return "expiration \(expiration) is not a number of milliseconds"
        }
        var size = 64
        for text in [
            properties.contentType, properties.contentEncoding, properties.correlationID, properties.replyTo,
            properties.expiration, properties.messageID, properties.type, properties.userID ?? user, properties.appID,
            properties.clusterID,
        ] {
            guard let text else { continue }
            let count = text.utf8.count
            if count > 255 { return "a property is longer than 255 bytes" }
            size += count + 1
        }
        if outgoing.message.headers.isEmpty { return nil }
        for name in ["CC", "BCC"] {
            if let value = outgoing.message.headers[name], !Self.isListOfStrings(value) {
                return "the header \(name) is not a list of strings"
            }
        }
        guard let headers = Self.size(of: .table(outgoing.message.headers)) else {
            return "a header's name is longer than 255 bytes, or the headers are nested too deeply"
        }
        // The content header has to fit one frame.
        return size + headers > maximumFrameSize ? "the headers are larger than \(maximumFrameSize) bytes" : nil
    }

    private static func isExpiration(_ text: String) -> Bool {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && UInt32(text) != nil
    }

    private static func isListOfStrings(_ value: FieldValue) -> Bool {
        guard case .array(let values) = value else { return false }
        return values.allSatisfy { if case .string = $0 { true } else { false } }
    }

    /// The encoded size of a value with its type, or `nil` when it has no encoding.
    static func size(of value: FieldValue, depth: Int = 0) -> Int? {
        guard depth <= PropertyDecoder.maximumNesting + 8 else { return nil }
        switch value {
        case .void: return 1
        case .boolean, .int8, .uint8: return 2
        case .int16, .uint16: return 3
        case .int32, .uint32, .float: return 5
        case .decimal: return 6
        case .int64, .uint64, .double, .timestamp: return 9
        case .string(let text): return 5 + text.utf8.count
        case .binaryString(let bytes), .bytes(let bytes): return 5 + bytes.count
        case .array(let values):
            var total = 5
            for value in values {
                guard let size = size(of: value, depth: depth + 1) else { return nil }
                total += size
            }
            return total
        case .table(let table):
            var total = 5
            for entry in table.entries {
                guard entry.name.utf8.count <= 255, let size = size(of: entry.value, depth: depth + 1) else {
                    return nil
                }
                total += 1 + entry.name.utf8.count + size
            }
            return total
        }
    }
}
