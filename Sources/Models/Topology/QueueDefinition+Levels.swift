extension QueueDefinition {
    /// The queue as the queues of its levels: itself for normal jobs, and beside it one for high and one for low ones.
    ///
    /// They are alike but for names and keys. What comes from elsewhere than the direct exchange has no priority, and comes
    /// into the queue of the normal level.
    ///
    /// - Parameter commands: the name of the direct exchange.
    package func levels(on commands: String) -> [QueueDefinition] {
        [JobPriority.normal, .high, .low].map { priority in
            var queue = self
            queue.family = name
            queue.level = priority
            guard priority != .normal else { return queue }
            queue.name = priority.level(of: name)
            queue.bindings = bindings.filter { $0.exchange == commands }.map { binding in
                QueueBinding(exchange: binding.exchange, key: priority.level(of: binding.key))
            }
            return queue
        }
    }
}
