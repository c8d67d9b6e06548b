extension RabbitMQAdmin {
    /// The ready messages and consumers of those queues that exist, by name.
    ///
    /// A question changes nothing, so it is asked once more when the connection turns out to have been lost before.
    package func queueDepths(_ names: [String]) throws(AMQPError) -> [String: QueueDepth] {
        let wasConnected = isConnected
        do {
            return try depths(names)
        } catch {
            guard wasConnected, !isConnected, error.code != .timeout else { throw error }
            return try depths(names)
        }
    }

    private func depths(_ names: [String]) throws(AMQPError) -> [String: QueueDepth] {
        var depths: [String: QueueDepth] = [:]
        for name in names { depths[name] = try queueDepth(name) }
        return depths
    }
}
