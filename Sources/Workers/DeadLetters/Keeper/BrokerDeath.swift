import FlotillaModels

/// Why and from where the broker itself dead-lettered a message, by what it wrote into `x-death`.
///
/// For people to read: brokers differ in how they count there, and a publisher can write anything into it.
struct BrokerDeath: Hashable {
    static let deliveryLimit = "delivery_limit"

    /// `delivery_limit`, `expired`, `rejected` or `maxlen`.
    var reason: String
    /// How often this happened to the message in this queue, the broker says.
    var count: Int
    /// Where the message was published to before it came into the queue.
    var exchange: String?
    var routingKey: String?
    /// Microseconds since 1970.
    var time: Int64?
    /// The time to live that the broker took off the message.
    var expiration: String?

    /// `nil` when the broker wrote nothing about this queue.
    init?(_ headers: HeaderTable, queue: String) {
        if let entry = Self.entry(headers, queue: queue) {
            reason = entry["reason"]?.text ?? "unknown"
            count = Int(clamping: entry["count"]?.integer ?? 1)
            exchange = entry["exchange"]?.text
            if case .array(let keys) = entry["routing-keys"] { routingKey = keys.first?.text }
            // The broker counts seconds.
            time = entry["time"]?.integer.flatMap { EventTime.since1970(Double($0)) }
            expiration = entry["original-expiration"]?.text
        } else if headers["x-last-death-queue"]?.text == queue, let last = headers["x-last-death-reason"]?.text {
            (reason, count) = (last, 1)
            exchange = headers["x-last-death-exchange"]?.text
        } else {
            return nil
        }
    }

    private static func entry(_ headers: HeaderTable, queue: String) -> HeaderTable? {
        guard case .array(let entries) = headers[FleetHeader.brokerDeath] else { return nil }
        for case .table(let entry) in entries where entry["queue"]?.text == queue { return entry }
        return nil
    }

    /// The failure as it is shown and grouped.
    var failure: Failure {
        let message =
            switch reason {
            case Self.deliveryLimit:
                "delivered too often without an answer: its workers crashed, hung or lost their connections"
            case "expired": "its time to live was over before a worker took it"
            case "rejected": "rejected by a consumer"
            case "maxlen": "dropped because the queue was full"
            default: "dead-lettered by the broker: \(reason)"
            }
        return Failure(type: reason, message: message, isPermanent: false)
    }
}
