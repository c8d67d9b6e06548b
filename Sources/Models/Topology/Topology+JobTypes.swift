extension Topology {
    /// The keys by which jobs reach a queue.
    package var jobTypes: Set<String> {
        Set(queues.flatMap(\.bindings).filter { $0.exchange == commands.name }.map(\.key))
    }

    /// The queue of jobs of the type.
    package func queue(ofJobType type: String) -> QueueDefinition? {
        queues.first { queue in queue.bindings.contains { $0.exchange == commands.name && $0.key == type } }
    }
}
