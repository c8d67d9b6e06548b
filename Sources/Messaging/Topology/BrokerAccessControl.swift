/// What gives users of a broker their permissions: its management interface.
package protocol BrokerAccessControl: Sendable {
    /// Takes the place of what the user had in the virtual host.
    func set(_ permission: UserPermission) async throws

    /// Takes the place of what the user had on that exchange.
    func set(_ permission: TopicPermission) async throws
}
