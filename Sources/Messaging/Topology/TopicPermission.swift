/// With which routing keys a user may publish to a topic exchange, and bind queues to it: two regular expressions.
///
/// Where a user has none for an exchange, the broker lets every key pass.
package struct TopicPermission: Sendable, Hashable {
    package var user: String
    package var exchange: String
    package var write: String
    package var read: String

    package init(user: String, exchange: String, write: String, read: String) {
        self.user = user
        self.exchange = exchange
        self.write = write
        self.read = read
    }

    /// How a difference names it.
    package var name: String { "\(user) on \(exchange)" }

    package var description: String {
        "write \(UserPermission.shown(write)) read \(UserPermission.shown(read))"
    }
}
