/// What tells which objects a broker has, beyond what AMQP can say: its management interface.
package protocol BrokerInspection: Sendable {
    /// The virtual host's exchanges, queues, bindings and policies.
    func state() async throws -> BrokerState
}
