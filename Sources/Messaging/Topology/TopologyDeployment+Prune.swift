extension TopologyDeployment {
    /// What became of one object.
    package struct Pruned: Sendable, Hashable {
        package let object: TopologyDiff.Object
        package let name: String
        /// Why it is still there; `nil` once it is gone.
        package let kept: String?
        /// The messages that went, or would go, with it.
        package let messages: Int
    }

    /// What can be pruned now.
    ///
    /// - Throws: `AMQPError` with the code `.configuration` without the management API, which alone can list objects.
    package func prune(namespaces: Set<String> = []) async throws -> TopologyPrune {
        guard let management else {
            throw AMQPError.configuration("list the broker's objects", "RABBITMQ_MANAGEMENT_URL is not set")
        }
        return TopologyPrune(try await plan(), state: try await management.state(), namespaces: namespaces)
    }

    /// Deletes what a prune names: bindings first, so that nothing comes any more into a queue that goes.
    ///
    /// A queue that has consumers or messages stays, with its bindings, and so does an exchange from which something
    /// else gets messages, and all of a delay ladder while messages wait in a level of it that goes, unless it is
    /// `forced`. With a queue stay its dead-letter queue and its exit from the ladder. A binding with arguments stays in any case. What arrives in a queue between the look at it and its end is lost
    /// with it; since its bindings are gone then, that is only what is published to it by name.
    /// - Parameters:
    ///   - isDryRun: whether to change nothing, and say what would be.
    ///   - progress: called with each object.
    package func perform(
        _ prune: TopologyPrune,
        forced: Bool,
        isDryRun: Bool,
        progress: (Pruned) -> Void = { _ in }
    ) async throws -> [Pruned] {
        var all: [Pruned] = []
        func note(_ object: TopologyDiff.Object, _ name: String, kept: String? = nil, messages: Int = 0) {
            let pruned = Pruned(object: object, name: name, kept: kept, messages: messages)
            all.append(pruned)
            progress(pruned)
        }
        let undelivered = try await management?.undelivered() ?? [:]
        let waiting = forced ? [:] : try await waiting(in: prune, undelivered)
        for binding in prune.bindings {
            let kept =
                binding.hasArguments
                ? "has arguments; remove it by hand" : prune.ladder(of: binding.source).flatMap { waiting[$0]?.any }
            if let kept {
                note(.binding, binding.description, kept: kept)
                continue
            }
            if !isDryRun { try await admin.unbind(binding) }
            note(.binding, binding.description)
        }
        for queue in prune.queues {
            if let owner = prune.companions[queue], all.contains(where: { $0.name == owner && $0.kept != nil }) {
                note(.queue, queue, kept: "belongs to \(owner)")
                continue
            }
            let first = try await content(of: queue, undelivered)
            if let reason = first.reason, !forced {
                note(.queue, queue, kept: reason, messages: first.messages)
                continue
            }
            if let reason = prune.ladder(of: queue).flatMap({ waiting[$0]?.old }) {
                note(.queue, queue, kept: reason)
                continue
            }
            guard !isDryRun else {
                note(.queue, queue, messages: first.messages)
                continue
            }
            let feeds = (prune.feeds[queue] ?? []).filter { !$0.hasArguments }
            do throws(AMQPError) {
                for binding in feeds { try await admin.unbind(binding) }
                let last = try await content(of: queue, undelivered)
                if let reason = last.reason, !forced {
                    for binding in feeds { try await admin.declare(binding) }
                    note(.queue, queue, kept: reason, messages: last.messages)
                    continue
                }
                try await admin.deleteQueue(queue)
                note(.queue, queue, messages: last.messages)
            } catch {
                // What stays is to be fed as before.
                for binding in feeds { try? await admin.declare(binding) }
                throw error
            }
        }
        let keptQueues = Set(all.filter { $0.object == .queue && $0.kept != nil }.map(\.name))
        for exchange in prune.exchanges {
            if let reason = prune.ladder(of: exchange).flatMap({ waiting[$0]?.old }) {
                note(.exchange, exchange, kept: reason)
                continue
            }
            let fed = prune.feeds.filter { keptQueues.contains($0.key) && $0.value.contains { $0.source == exchange } }
            let dependants = (prune.dependants[exchange] ?? []) + fed.keys.sorted()
            if !dependants.isEmpty, !forced {
                note(.exchange, exchange, kept: "still feeds \(dependants.joined(separator: ", "))")
                continue
            }
            if !isDryRun { try await admin.deleteExchange(exchange) }
            note(.exchange, exchange)
        }
        return all
    }

    /// Why ladders are needed, by their prefix: messages wait in any of the levels, or in one that goes.
    ///
    /// The longest level is looked at first, so that what goes on to the next meanwhile is seen there.
    private func waiting(
        in prune: TopologyPrune,
        _ undelivered: [String: Int]
    ) async throws(AMQPError) -> [String: (any: String?, old: String?)] {
        let touched = Set((prune.queues + prune.exchanges + prune.bindings.map(\.source)).compactMap(prune.ladder))
        let old = Set(prune.queues)
        var reasons: [String: (any: String?, old: String?)] = [:]
        for ladder in touched {
            var (inAny, inOld) = (0, 0)
            for level in prune.levels[ladder] ?? [] {
                let messages = try await content(of: level, undelivered).messages
                inAny += messages
                if old.contains(level) { inOld += messages }
            }
            func reason(_ count: Int) -> String? { count > 0 ? "its delay ladder still has \(count) waiting" : nil }
            reasons[ladder] = (reason(inAny), reason(inOld))
        }
        return reasons
    }

    private func content(
        of queue: String,
        _ undelivered: [String: Int]
    ) async throws(AMQPError) -> (messages: Int, reason: String?) {
        let depth = try await admin.queueDepth(queue) ?? QueueDepth(ready: 0, consumers: 0)
        let messages = depth.ready + (undelivered[queue] ?? 0)
        if messages > 0 { return (messages, "has \(messages) \(messages == 1 ? "message" : "messages")") }
        return (0, depth.consumers > 0 ? "has consumers" : nil)
    }
}
