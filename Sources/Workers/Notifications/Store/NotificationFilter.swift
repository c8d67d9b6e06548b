import FlotillaStorage

/// Which notifications a list or a count is about; what is `nil` does not matter.
package struct NotificationFilter: Sendable {
    package var status: NotificationStatus?
    package var channel: Channel?
    package var template: String?
    package var provider: String?
    /// An address, a number, or a key such as `user:42`.
    package var recipient: String?
    package var eventID: String?
    /// Made at or after; microseconds since 1970.
    package var since: Int64?
    /// Made before.
    package var until: Int64?

    package init() {}

    /// The conditions, with their values from `$1` on.
    var conditions: (sql: [String], values: [SQLValue]) {
        var sql: [String] = []
        var values: [SQLValue] = []
        func add(_ condition: (String) -> String, _ value: SQLValue?) {
            guard let value else { return }
            values.append(value)
            sql.append(condition("$\(values.count)"))
        }
        add({ "status = \($0)" }, status.map { .text($0.rawValue) })
        add({ "channel = \($0)" }, channel.map { .text($0.rawValue) })
        add({ "template = \($0)" }, template.map { .text($0) })
        add({ "provider = \($0)" }, provider.map { .text($0) })
        add({ "event_id = \($0)" }, eventID.map { .text($0) })
        add({ "(recipient = \($0) OR lower(address) = lower(\($0)))" }, recipient.map { .text($0) })
        add({ "created_at >= \($0)" }, since.map { .timestamp($0) })
        add({ "created_at < \($0)" }, until.map { .timestamp($0) })
        return (sql, values)
    }
}
