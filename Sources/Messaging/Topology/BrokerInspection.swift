/// What tells which objects a broker has, beyond what AMQP can say: its management interface.
package protocol BrokerInspection: Sendable {
    /// The virtual host's exchanges, queues, bindings and policies.
    func state() async throws -> BrokerState

    /// Every queue of the virtual host, with the messages that the broker has taken out of it to dead-letter them and
    /// can't get rid of. The numbers may be some seconds old.
    ///
    /// Those messages are in no count of ready and unacknowledged ones. There are none in classic queues.
    func undelivered() async throws -> [String: Int]

    /// How many messages of each queue are handed out and not settled. The numbers may be some seconds old.
    func unacknowledged() async throws -> [String: Int]
}
