import FlotillaModels

/// The exchanges, bindings and queues of a broker in memory, and the rules by which messages move between them.
struct MemoryTopology {
    struct Binding: Hashable {
        enum Destination: Hashable {
            case queue(String)
            case exchange(String)
        }

        let key: String
        let destination: Destination
    }

    struct Exchange {
        let type: MemoryBroker.ExchangeType
        var bindings: [Binding] = []
    }

    enum Acceptance: Hashable {
        case accepted
        case unroutable
        case refused
    }

    var exchanges: [String: Exchange] = [:]
    var queues: [String: MemoryQueue] = [:]
    var ladder: DelayLadder?
    /// What has to wait, to be taken out and timed by the owner.
    var delayed: [(delay: Duration, queue: String, stored: MemoryQueue.Stored)] = []
    /// What has left the ladder for a queue that is missing or refuses, oldest first.
    private var undelivered: [String: [MemoryQueue.Stored]] = [:]
    /// The queues that got something, to be dispatched by the owner.
    var touched: Set<String> = []

    /// Routes one message to every queue that is bound for it, each once.
    mutating func publish(_ outgoing: OutgoingMessage) -> Acceptance {
        let stored = MemoryQueue.Stored(
            message: outgoing.message,
            exchange: outgoing.exchange,
            routingKey: outgoing.routingKey
        )
        if let ladder, outgoing.exchange == ladder.entryExchange {
            guard let (delay, queue) = Self.delay(outgoing.routingKey, ladder) else { return .unroutable }
            delayed.append((delay, queue, stored))
            return .accepted
        }
        var visited: Set<String> = []
        let targets = destinations(outgoing.exchange, outgoing.routingKey, &visited)
        guard !targets.isEmpty else { return .unroutable }
        if targets.contains(where: { queues[$0]?.refusesMore ?? false }) { return .refused }
        for target in targets { append(stored, to: target) }
        return .accepted
    }

    /// Takes off the ladder what has waited; it stays behind it while its queue can't take it.
    mutating func leaveLadder(_ stored: MemoryQueue.Stored, for queue: String) {
        undelivered[queue, default: []].append(stored)
        deliverHeldBack()
    }

    /// Brings what has left the ladder to the queues that take it by now.
    mutating func deliverHeldBack() {
        for (queue, stored) in undelivered {
            var waiting = stored[...]
            while let target = queues[queue], !target.refusesMore, let next = waiting.popFirst() {
                append(next, to: queue)
            }
            undelivered[queue] = waiting.isEmpty ? nil : Array(waiting)
        }
    }

    mutating func append(_ stored: MemoryQueue.Stored, to queue: String) {
        guard queues[queue] != nil else { return }
        queues[queue]?.ready.append(stored)
        touched.insert(queue)
    }

    /// Gives a message back to its queue, or to its dead-letter exchange once it was delivered too often.
    mutating func requeue(_ stored: MemoryQueue.Stored, to queue: String) {
        guard let limit = queues[queue]?.deliveryLimit, stored.deliveries > limit else {
            queues[queue]?.ready.insert(stored.returned(), at: 0)
            touched.insert(queue)
            return
        }
        deadLetter(stored, from: queue, reason: "delivery_limit")
    }

    mutating func deadLetter(_ stored: MemoryQueue.Stored, from queue: String, reason: String) {
        guard let origin = queues[queue], let exchange = origin.deadLetterExchange else { return }
        var message = stored.message
        let death: HeaderTable = [
            "count": 1, "reason": .string(reason), "queue": .string(queue), "exchange": .string(stored.exchange),
            "routing-keys": .array([.string(stored.routingKey)]),
        ]
        message.headers[FleetHeader.brokerDeath] = .array([.table(death)])
        let key = origin.deadLetterRoutingKey ?? stored.routingKey
        _ = publish(OutgoingMessage(exchange: exchange, routingKey: key, message: message))
    }

    private func destinations(_ exchange: String, _ key: String, _ visited: inout Set<String>) -> Set<String> {
        if exchange.isEmpty { return queues[key] == nil ? [] : [key] }
        guard let found = exchanges[exchange], visited.insert(exchange).inserted else { return [] }
        var targets: Set<String> = []
        for binding in found.bindings where found.type.matches(binding.key, key) {
            switch binding.destination {
            case .queue(let queue): targets.insert(queue)
            case .exchange(let next): targets.formUnion(destinations(next, key, &visited))
            }
        }
        return targets
    }

    private static func delay(_ key: String, _ ladder: DelayLadder) -> (Duration, queue: String)? {
        let parts = key.split(separator: ".", maxSplits: ladder.levels, omittingEmptySubsequences: false)
        guard parts.count == ladder.levels + 1, let units = Int(parts.dropLast().joined(), radix: 2) else { return nil }
        return (ladder.unit * units, String(parts[ladder.levels]))
    }
}

extension MemoryBroker.ExchangeType {
    func matches(_ bindingKey: String, _ routingKey: String) -> Bool {
        switch self {
        case .direct: bindingKey == routingKey
        case .fanout: true
        case .topic: TopicPattern(bindingKey).matches(routingKey)
        }
    }
}
