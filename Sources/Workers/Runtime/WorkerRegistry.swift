import FlotillaModels

/// The workers of a process, and which of them takes which queue.
struct WorkerRegistry: Sendable {
    private(set) var handlers: [any MessageHandler] = []

    /// - Throws: when the same worker name and event are there already.
    mutating func add(_ handler: any MessageHandler) throws(FleetError) {
        guard !handler.worker.isEmpty else { throw FleetError(code: .registration, detail: "a worker has no name") }
        for other in handlers where other.worker == handler.worker {
            let isAmbiguous =
                handler.events.isEmpty || other.events.isEmpty || !Set(handler.events).isDisjoint(with: other.events)
            if isAmbiguous {
                throw FleetError(code: .registration, detail: "worker '\(handler.worker)' is registered twice")
            }
        }
        handlers.append(handler)
    }

    /// The queues to consume, with their handlers, and those that nothing in this process handles.
    ///
    /// - Parameter only: the workers to run; `nil` runs every registered one.
    /// - Throws: when `only` names an unknown worker, or a worker has an event that none of its queues brings.
    func assign(
        _ queues: [QueueDefinition],
        only: Set<String>?
    ) throws(FleetError) -> (assigned: [(QueueDefinition, any MessageHandler)], unassigned: [QueueDefinition]) {
        let names = Set(handlers.map(\.worker))
        if let unknown = only?.subtracting(names).sorted().first {
            // A module may have left out workers that are not to run here; their queues name them.
            let known = names.union(queues.map(\.worker)).subtracting([unknown]).sorted().joined(separator: ", ")
            throw FleetError(code: .registration, detail: "no worker is called '\(unknown)'; there are \(known)")
        }
        var assigned: [(QueueDefinition, any MessageHandler)] = []
        var unassigned: [QueueDefinition] = []
        for queue in queues {
            if only?.contains(queue.worker) ?? true, let handler = handler(for: queue) {
                assigned.append((queue, handler))
            } else {
                unassigned.append(queue)
            }
        }
        for handler in handlers {
            let brought = Set(queues.filter { $0.worker == handler.worker }.map(\.event))
            if let event = handler.events.first(where: { !brought.contains($0) }) {
                let problem = "worker '\(handler.worker)' handles '\(event)', but none of its queues is for that event"
                throw FleetError(code: .registration, detail: problem)
            }
        }
        return (assigned, unassigned)
    }

    private func handler(for queue: QueueDefinition) -> (any MessageHandler)? {
        handlers.first { $0.worker == queue.worker && ($0.events.isEmpty || $0.events.contains(queue.event)) }
    }
}
