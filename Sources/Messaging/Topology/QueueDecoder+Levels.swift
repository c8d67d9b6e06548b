import FlotillaModels
import FlotillaYAMLFiles

/// A queue as the file lists it, before its levels.
struct ListedQueue {
    let queue: QueueDefinition
    let entry: MappingReader
    /// Whether it says `priorities: true`.
    let hasLevels: Bool
    /// Whether nothing is wrong with its name.
    let isNamedWell: Bool
}

extension QueueDecoder {
    /// The queues of a listed one's levels. Their names and keys must be nobody else's.
    func levels(of listed: ListedQueue, among all: [ListedQueue]) -> [QueueDefinition] {
        let (queue, entry) = (listed.queue, listed.entry)
        func add(_ problem: String) { entry.addMistake("priorities", problem) }
        guard let commands = scope.exchanges.first(where: { $0.alias == "direct" })?.name else { return [queue] }
        let types = queue.bindings.filter { $0.exchange == commands }.map(\.key)
        if types.isEmpty, entry.has("bind") {
            add("only jobs have priorities, and 'bind' has no key of the exchange 'direct'")
        }
        let levels = queue.levels(on: commands)
        for level in levels where level.level != .normal {
            let name = level.name
            if all.contains(where: { $0.queue.name == name }) {
                add("'\(name)' is listed already, and would be the queue of \(level.level.rawValue) jobs")
            } else if listed.isNamedWell,
                let problem = QueueName.problem(with: name, namespace: scope.namespace, levels: scope.levels)
            {
                add("'\(name.clipped)': \(problem)")
            }
            let keys = level.bindings.map(\.key)
            if let key = keys.first(where: { $0.utf8.count > QueueName.longestRoutingKey }) {
                add("'\(key.clipped)' is too long: a routing key has at most \(QueueName.longestRoutingKey) bytes")
            }
        }
        // A job goes to one queue: another one would get some of its jobs, or the jobs of another type.
        let keys = Set(levels.flatMap(\.bindings).filter { $0.exchange == commands }.map(\.key))
        for other in all where other.queue.name != queue.name {
            let shared = other.queue.bindings.filter { $0.exchange == commands && keys.contains($0.key) }
            for binding in shared {
                add("'\(other.queue.name)' takes '\(binding.key.clipped)' too, which is for these jobs alone")
            }
        }
        let higherAndLower = Set(levels.filter { $0.level != .normal }.flatMap(\.bindings).map(\.key))
        for key in types where higherAndLower.contains(key) {
            add("'\(key.clipped)' is a type of its own, and the level of another")
        }
        return levels
    }
}
