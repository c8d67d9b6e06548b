/// A queue in the JSON of `GET /api/queues/<vhost>?disable_stats=true&enable_queue_totals=true`.
struct QueueTotals: Decodable {
    enum CodingKeys: String, CodingKey {
        case name, messages
        case ready = "messages_ready"
        case unacknowledged = "messages_unacknowledged"
    }

    var name: String
    /// `nil` for a queue that is down.
    var messages: Int?
    var ready: Int?
    var unacknowledged: Int?

    /// What a quorum queue counts as its own but is neither ready nor unacknowledged, its dead-letter worker has.
    var undelivered: Int { max(0, (messages ?? 0) - (ready ?? 0) - (unacknowledged ?? 0)) }
}
