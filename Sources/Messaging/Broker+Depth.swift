extension Broker {
    /// The numbers of ready messages and of consumers, or `nil` when there is no such queue.
    package func depth(of queue: String) async throws -> QueueDepth? { try await depths(of: [queue])[queue] }
}
