extension Topology {
    /// The types of the jobs that reach a queue, each once whatever the levels of its queue.
    package var jobTypes: Set<String> { Set(queues.flatMap(jobTypes)) }

    /// The types of the jobs that reach this queue; of a queue with levels only those of its level do.
    package func jobTypes(of queue: QueueDefinition) -> [String] {
        queue.bindings.filter { $0.exchange == commands.name }.map { queue.level.plain($0.key) }
    }

    /// The queue of jobs of the type and priority.
    package func queue(ofJobType type: String, _ priority: JobPriority = .normal) -> QueueDefinition? {
        let binding = QueueBinding(exchange: commands.name, key: routingKey(ofJob: type, priority))
        return queues.first { $0.bindings.contains(binding) }
    }

    /// The routing key of a job: its type, with the level where its queue has levels.
    package func routingKey(ofJob type: String, _ priority: JobPriority) -> String {
        jobRouting.key(of: type, priority)
    }

    /// How jobs are routed to these queues.
    package var jobRouting: JobRouting {
        JobRouting(
            exchange: commands.name,
            levelledTypes: Set(queues.filter { $0.family != nil }.flatMap(jobTypes)),
            fields: jobFields
        )
    }
}
