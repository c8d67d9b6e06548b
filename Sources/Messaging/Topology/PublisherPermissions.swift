package import FlotillaModels

/// The permissions by which a broker holds publishers to what `queues.yaml` lists.
package struct PublisherPermissions: Sendable, Hashable {
    /// By user; set before ``permissions``, so that no exchange is open for a moment.
    package private(set) var topicPermissions: [TopicPermission] = []
    package private(set) var permissions: [UserPermission] = []

    /// - Parameter topology: one without publishers has no permissions.
    package init(_ topology: Topology) {
        for publisher in topology.publishers?.publishers ?? [] { add(publisher, topology) }
    }

    private mutating func add(_ publisher: Publisher, _ topology: Topology) {
        var exchanges: [String] = []
        func allow(_ patterns: [String], on exchange: String) {
            guard !patterns.isEmpty else { return }
            exchanges.append(exchange)
            topicPermissions.append(
                TopicPermission(
                    user: publisher.user,
                    exchange: exchange,
                    write: TopicPattern.expression(of: patterns),
                    read: "^$"
                )
            )
        }
        allow(publisher.events, on: topology.events.name)
        if let commands = topology.outsideCommands { allow(publisher.commands, on: commands.name) }
        let reply = TopicPattern.expression(of: publisher.reply.map { [$0] } ?? [])
        permissions.append(
            UserPermission(
                user: publisher.user,
                configure: reply,
                // An exchange's name is a pattern of one thing, dots and all.
                write: TopicPattern.expression(of: exchanges),
                read: reply
            )
        )
    }

    /// Of one user.
    package func of(_ user: String) -> (topics: [TopicPermission], permission: UserPermission?) {
        (topicPermissions.filter { $0.user == user }, permissions.first { $0.user == user })
    }
}
