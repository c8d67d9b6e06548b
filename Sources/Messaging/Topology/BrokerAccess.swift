/// The users of a broker, and what they may do in the virtual host.
package struct BrokerAccess: Sendable, Hashable {
    /// The tags of every user of the broker, by name.
    package var users: [String: Set<String>]
    package var permissions: [UserPermission]
    package var topicPermissions: [TopicPermission]

    package init(
        users: [String: Set<String>] = [:],
        permissions: [UserPermission] = [],
        topicPermissions: [TopicPermission] = []
    ) {
        self.users = users
        self.permissions = permissions
        self.topicPermissions = topicPermissions
    }
}
