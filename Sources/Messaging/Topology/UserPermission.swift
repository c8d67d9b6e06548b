/// What a user may do in the virtual host: three regular expressions over the names of exchanges and queues.
package struct UserPermission: Sendable, Hashable {
    package var user: String
    package var configure: String
    package var write: String
    package var read: String

    package init(user: String, configure: String, write: String, read: String) {
        self.user = user
        self.configure = configure
        self.write = write
        self.read = read
    }

    /// As people read it, and as it is compared: the broker takes no text for a permission of nothing.
    package var description: String {
        "configure \(Self.shown(configure)) write \(Self.shown(write)) read \(Self.shown(read))"
    }

    /// Whether it lets the user publish to an exchange, the default one being `amq.default`; `nil` when the expression is
    /// beyond us.
    package func mayWrite(to exchange: String) -> Bool? {
        guard !write.isEmpty else { return false }
        guard let expression = try? Regex(write) else { return nil }
        return exchange.firstMatch(of: expression) != nil
    }

    static func shown(_ expression: String) -> String { expression.isEmpty ? "^$" : expression }
}
