import FlotillaModels

/// The sample message: a `profile.viewed` event with the same bytes as `sample_write` in c/bench.c.
enum Sample {
    static let idPrefix = "f1071a00-2026-4b5e-8000-"

    static func message(_ sequence: Int) -> Message { message(sequence, body) }

    /// A `user.updated` event with four personal fields of one of so many people.
    static func personal(_ sequence: Int, people: Int) -> Message {
        message(sequence) { sequence, id in
            let user = padded(sequence * 7919 % people, 8)
            var text = "{\"updateId\":\"\(id)\",\"userId\":\"user-\(user)\""
            text += ",\"email\":\"user-\(user)@example.com\",\"firstName\":\"Given-\(user)\""
            text += ",\"lastName\":\"Family-\(user)\",\"address\":{\"street\":\"1 Sample Street\",\"city\":\"Paris\"}"
            text += ",\"plan\":\"pro\",\"occurredAt\":\"2026-11-03T10:00:00Z\"}"
            return Array(text.utf8)
        }
    }

    private static func message(_ sequence: Int, _ body: (Int, String) -> [UInt8]) -> Message {
        let id = idPrefix + padded(String(sequence, radix: 16), 12)
        var properties = MessageProperties()
        properties.contentType = "application/json"
        properties.deliveryMode = 2
        properties.messageID = id
        properties.correlationID = id
        properties.appID = "search-service"
        return Message(properties: properties, body: body(sequence, id))
    }

    /// The sequence number at the end of an id; -1 when there is none, which no ledger forgives.
    static func sequence(of id: String) -> Int { Int(id.suffix(12), radix: 16) ?? -1 }

    private static func body(_ sequence: Int, _ id: String) -> [UInt8] {
        let minute = padded(sequence / 60_000 % 60, 2)
        let second = padded(sequence / 1_000 % 60, 2)
        var text = "{\"viewId\":\"\(id)\",\"profileId\":\"profile-\(padded(sequence * 7919 % 100_000_000, 8))\""
        text += ",\"companyId\":\"company-\(padded(sequence % 250, 4))\""
        text += ",\"recruiterId\":\"recruiter-\(padded(sequence * 31 % 1_000_000, 6))\""
        text += ",\"anonymized\":false,\"source\":\"search-service\""
        text += ",\"occurredAt\":\"2026-11-03T10:\(minute):\(second).\(padded(sequence % 1_000, 3))Z\"}"
        return Array(text.utf8)
    }

    private static func padded(_ number: Int, _ width: Int) -> String { padded(String(number), width) }

    private static func padded(_ digits: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
