extension Topology {
    /// The keys by which jobs reach a queue.
    package var jobTypes: Set<String> {
        Set(queues.flatMap(\.bindings).filter { $0.exchange == commands.name }.map(\.key))
    }
}
