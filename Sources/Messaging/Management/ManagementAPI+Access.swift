package import FlotillaMessaging
package import FlotillaPlatform

extension ManagementAPI: BrokerAccessControl {
    /// The broker's users, and what they may do in the virtual host. Only an administrator is told.
    package func access() throws(ManagementError) -> BrokerAccess {
        let operation = "read the users and their permissions"
        let users: [AccessDefinitions.User] = try get(path: "users", of: operation)
        let permissions: [AccessDefinitions.Permission] = try get(
            path: "vhosts/\(virtualHost)/permissions",
            of: operation
        )
        let topics: [AccessDefinitions.Topic] = try get(
            path: "vhosts/\(virtualHost)/topic-permissions",
            of: operation
        )
        return BrokerAccess(
            users: Dictionary(users.map { ($0.name, $0.tags.tags) }) { first, _ in first },
            permissions: permissions.map(\.permission),
            topicPermissions: topics.map(\.permission)
        )
    }

    package func set(_ permission: UserPermission) throws(ManagementError) {
        let body = AccessDefinitions.Permission(
            configure: permission.configure,
            write: permission.write,
            read: permission.read
        )
        let path = "permissions/\(virtualHost)/\(Self.percentEncoded(permission.user))"
        try put(path, body, of: "set the permissions of \(permission.user)")
    }

    package func set(_ permission: TopicPermission) throws(ManagementError) {
        let body = AccessDefinitions.Topic(
            exchange: permission.exchange,
            write: permission.write,
            read: permission.read
        )
        let path = "topic-permissions/\(virtualHost)/\(Self.percentEncoded(permission.user))"
        try put(path, body, of: "set the topic permissions of \(permission.user)")
    }

    /// Makes a user, or gives one another password. Connections that are open stay.
    ///
    /// - Parameter tags: take the place of those that the user had.
    package func setUser(_ name: String, password: Secret, tags: Set<String> = []) throws(ManagementError) {
        let body = AccessDefinitions.NewPassword(password: password.revealed, tags: .init(tags))
        try put("users/\(Self.percentEncoded(name))", body, of: "set the password of \(name)")
    }

    /// Removes a user with all that it may do, in other virtual hosts too.
    package func removeUser(_ name: String) throws(ManagementError) {
        try delete("users/\(Self.percentEncoded(name))", of: "remove the user \(name)")
    }
}
