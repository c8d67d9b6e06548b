import FlotillaModels

/// What a fleet once made on a broker and no longer names: what `flotilla topology prune` deletes.
///
/// Ours are exchanges and delay queues under a namespace of ours, queues of the topology's services with their
/// dead-letter queues, and what binds them. The bindings of an exchange that is not ours are left alone, wherever they
/// lead: somebody else may have made them.
package struct TopologyPrune: Sendable, Hashable {
    /// Bindings between objects that stay.
    package private(set) var bindings: [BindingDeclaration] = []
    package private(set) var queues: [String] = []
    package private(set) var exchanges: [String] = []
    /// By queue that goes, the bindings that bring it messages.
    private(set) var feeds: [String: [BindingDeclaration]] = [:]
    /// By exchange that goes, what stays and still gets messages from it.
    private(set) var dependants: [String: [String]] = [:]
    /// By the prefix of a delay ladder of ours, the queues of its levels, the longest first: the way of what waits.
    private(set) var levels: [String: [String]] = [:]

    /// By a queue that goes with another one, that other one: its dead-letter queue, and the exit queue of its retries.
    private(set) var companions: [String: String] = [:]

    /// - Parameter namespaces: earlier namespaces of the same fleet, beside the plan's.
    package init(_ plan: TopologyPlan, state: BrokerState, namespaces: Set<String> = []) {
        let owned = namespaces.union([plan.namespace])
        func isOurs(_ exchange: String) -> Bool { owned.contains { exchange.hasPrefix($0 + ".") } }
        func isOurs(queue: String) -> Bool {
            plan.owns(queue: queue) || owned.contains { queue.hasPrefix("\($0).delay.") }
        }
        let wantedQueues = Set(plan.queues.map(\.name))
        let wantedExchanges = Set(plan.exchanges.map(\.name))
        queues = state.queues.keys.filter { !wantedQueues.contains($0) && isOurs(queue: $0) }.sorted()
        exchanges = state.exchanges.keys.filter { !wantedExchanges.contains($0) && isOurs($0) }.sorted()
        for ladder in owned.map({ "\($0).delay." }) {
            let names = state.queues.keys.filter { name in
                name.hasPrefix(ladder) && name.dropFirst(ladder.count).allSatisfy(\.isNumber)
            }
            levels[ladder] = names.sorted(by: >)
        }
        let (oldQueues, oldExchanges) = (Set(queues), Set(exchanges))
        for queue in queues {
            let exits = owned.map { DelayLadder(namespace: $0, unit: .milliseconds(1), levels: 1).exitQueue(of: queue) }
            for companion in exits + [QueueName.deadLetterPrefix + queue] where oldQueues.contains(companion) {
                companions[companion] = queue
            }
        }
        // After their queue, since they stay with it.
        queues = queues.filter { companions[$0] == nil } + queues.filter { companions[$0] != nil }
        let wanted = Set(plan.bindings + plan.obsoleteBindings)
        for binding in state.bindings.sorted(by: { $0.description < $1.description }) where !wanted.contains(binding) {
            let goes = binding.kind == .queue ? oldQueues : oldExchanges
            let stays = binding.kind == .queue ? wantedQueues : wantedExchanges
            if binding.kind == .queue, goes.contains(binding.destination) {
                feeds[binding.destination, default: []].append(binding)
            } else if stays.contains(binding.destination), isOurs(binding.source) {
                bindings.append(binding)
            } else if oldExchanges.contains(binding.source), !goes.contains(binding.destination) {
                dependants[binding.source, default: []].append(binding.destination)
            }
        }
    }

    /// The prefix of the delay ladder that an exchange or a queue belongs to.
    func ladder(of name: String) -> String? { levels.keys.first { name.hasPrefix($0) } }

    package var isEmpty: Bool { bindings.isEmpty && queues.isEmpty && exchanges.isEmpty }
}
