/// Who may publish to the fleet over AMQP: the sections `publishers`, `strictPublishers` and `fleetUsers` of `queues.yaml`.
public struct PublisherList: Sendable, Hashable {
    /// In the file's order; every user is in it once.
    public var publishers: [Publisher]
    /// Whether a message is a dead letter that has no `user_id`, or whose user may not send it.
    public var isStrict: Bool
    /// Users of the broker that are the fleet's own, beside the one that a process connects as.
    public var fleetUsers: [String]

    public init(_ publishers: [Publisher] = [], isStrict: Bool = false, fleetUsers: [String] = []) {
        self.publishers = publishers
        self.isStrict = isStrict
        self.fleetUsers = fleetUsers
    }

    /// Whether any of them may send a command with this routing key.
    package func allowsCommand(_ key: String) -> Bool {
        publishers.contains { publisher in publisher.commands.contains { TopicPattern($0).matches(key) } }
    }
}
