public import FlotillaModels
import Synchronization

/// A broker in memory, for tests: the same contract as RabbitMQ, without sockets.
///
/// It keeps exchanges, bindings, queues, dead-lettering (`x-dead-letter-exchange`, `x-dead-letter-routing-key`,
/// `x-delivery-limit`), length limits that refuse, and the delay ladder, which waits by the clock given.
public final class MemoryBroker: Sendable {
    public enum ExchangeType: Sendable, Hashable {
        case direct, topic, fanout
    }

    struct State {
        var topology = MemoryTopology()
        var consumers: [ObjectIdentifier: MemoryConsumer] = [:]
        var blocked: String?
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// How many messages wait on the ladder, by the queue that they come back to.
        var onLadder: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let clock: any Clock<Duration>
    let bodyBudget: BodyBudget?

    /// - Parameter clock: what the delays of the ladder are waited by.
    public init(clock: any Clock<Duration> = ContinuousClock()) { (self.clock, bodyBudget) = (clock, nil) }

    /// - Parameter bodyBudget: where bodies are counted while they are out; it holds nothing back.
    package init(clock: any Clock<Duration>, bodyBudget: BodyBudget) {
        (self.clock, self.bodyBudget) = (clock, bodyBudget)
    }

    public func declareExchange(_ name: String, _ type: ExchangeType) {
        state.withLock { state in
            if state.topology.exchanges[name] == nil {
                state.topology.exchanges[name] = MemoryTopology.Exchange(type: type)
            }
        }
    }

    public func declareQueue(_ name: String, arguments: HeaderTable = HeaderTable()) {
        change { state in
            guard state.topology.queues[name] == nil else { return }
            state.topology.queues[name] = MemoryQueue(arguments: arguments)
            for consumer in state.consumers.values where consumer.wants(name) {
                state.topology.queues[name]?.consumers.append(ObjectIdentifier(consumer))
            }
        }
    }

    /// Deletes a queue with its messages; its consumers receive a cancellation.
    public func deleteQueue(_ name: String) {
        state.withLock { state in
            guard let queue = state.topology.queues.removeValue(forKey: name) else { return }
            for exchange in state.topology.exchanges.keys {
                state.topology.exchanges[exchange]?.bindings.removeAll { $0.destination == .queue(name) }
            }
            for consumer in queue.consumers { state.consumers[consumer]?.cancelled(name) }
        }
    }

    public func bind(queue: String, to exchange: String, key: String) {
        bind(MemoryTopology.Binding(key: key, destination: .queue(queue)), to: exchange)
    }

    public func bind(exchange: String, to source: String, key: String) {
        bind(MemoryTopology.Binding(key: key, destination: .exchange(exchange)), to: source)
    }

    private func bind(_ binding: MemoryTopology.Binding, to exchange: String) {
        state.withLock { state in
            guard state.topology.exchanges[exchange]?.bindings.contains(binding) == false else { return }
            state.topology.exchanges[exchange]?.bindings.append(binding)
        }
    }

    /// Takes messages published to the ladder's entrance to their target queue, after the delay in their routing key.
    public func simulate(_ ladder: DelayLadder) { state.withLock { $0.topology.ladder = ladder } }

    /// The ready messages of a queue, oldest first.
    public func messages(in queue: String) -> [Message] {
        state.withLock { $0.topology.queues[queue]?.ready.map(\.message) ?? [] }
    }

    /// Breaks every consumer's connection, as a restart of the broker does: what is unsettled comes again.
    public func dropConnections() {
        change { state in
            for consumer in state.consumers.values {
                for (queue, stored) in consumer.dropped() { state.topology.requeue(stored, to: queue) }
            }
        }
    }

    /// Takes no messages until `nil` is set, as a broker does that is short of memory.
    public func block(_ reason: String?) {
        let waiting = state.withLock { state in
            state.blocked = reason
            defer { if reason == nil { state.waiting = [] } }
            return reason == nil ? state.waiting : []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// How many messages of each queue are on their way: ready for a consumer that takes them, handed out and not
    /// settled, or on the ladder. Empty once everything that can be handled has been.
    package var underway: [String: Int] {
        state.withLock { state in
            var counts = state.onLadder
            for consumer in state.consumers.values {
                for queue in consumer.unsettledQueues { counts[queue, default: 0] += 1 }
            }
            for (name, queue) in state.topology.queues where !queue.ready.isEmpty {
                let isTaken = queue.consumers.contains { state.consumers[$0]?.takes(name) ?? false }
                if isTaken { counts[name, default: 0] += queue.ready.count }
            }
            return counts.filter { $0.value > 0 }
        }
    }

    // MARK: For publishers and consumers

    var blocked: String? { state.withLock(\.blocked) }

    func waitUntilUnblocked() async {
        await withCheckedContinuation { continuation in
            let isBlocked = state.withLock { state in
                if state.blocked != nil { state.waiting.append(continuation) }
                return state.blocked != nil
            }
            if !isBlocked { continuation.resume() }
        }
    }

    func publish(_ messages: [OutgoingMessage]) -> [MemoryTopology.Acceptance] {
        change { state in messages.map { state.topology.publish($0) } }
    }

    /// Makes a change, then hands out what has become ready and starts what has to wait.
    @discardableResult
    func change<R: Sendable>(_ body: (inout State) -> sending R) -> R {
        let (result, delayed) = state.withLock { state in
            let result = body(&state)
            state.topology.deliverHeldBack()
            Self.dispatch(&state)
            for (_, queue, _) in state.topology.delayed { state.onLadder[queue, default: 0] += 1 }
            defer { state.topology.delayed = [] }
            return (result, state.topology.delayed)
        }
        for (delay, queue, stored) in delayed {
            Task { [clock] in
                try? await clock.sleep(for: delay)
                self.change { state in
                    state.onLadder[queue, default: 1] -= 1
                    state.topology.leaveLadder(stored, for: queue)
                }
            }
        }
        return result
    }

    private static func dispatch(_ state: inout State) {
        var batches: [ObjectIdentifier: [(String, MemoryQueue.Stored)]] = [:]
        for (name, queue) in state.topology.queues where !queue.ready.isEmpty && !queue.consumers.isEmpty {
            var queue = queue
            var idle = 0
            while !queue.ready.isEmpty, idle < queue.consumers.count {
                let next = queue.consumers.removeFirst()
                queue.consumers.append(next)
                if let consumer = state.consumers[next], consumer.reserve(name) {
                    batches[next, default: []].append((name, queue.ready.removeFirst().handedOut()))
                    idle = 0
                } else {
                    idle += 1
                }
            }
            state.topology.queues[name] = queue
        }
        for (id, batch) in batches { state.consumers[id]?.deliver(batch) }
        state.topology.touched = []
    }
}

extension MemoryBroker: Broker {
    package func publisher(named name: String) -> any MessagePublisher { MemoryPublisher(self) }

    package func consumer(named name: String, of subscriptions: [Subscription]) -> any MessageConsumer {
        let consumer = MemoryConsumer(self, subscriptions)
        let id = ObjectIdentifier(consumer)
        change { state in
            state.consumers[id] = consumer
            for subscription in subscriptions {
                if state.topology.queues[subscription.queue] == nil { consumer.cancelled(subscription.queue) }
                state.topology.queues[subscription.queue]?.consumers.append(id)
            }
        }
        return consumer
    }

    package func depths(of queues: [String]) throws -> [String: QueueDepth] {
        try state.withLock { state in
            if state.isClosed { throw AMQPError.closed("ask the broker") }
            var depths: [String: QueueDepth] = [:]
            for name in queues {
                depths[name] = state.topology.queues[name].map {
                    QueueDepth(ready: $0.ready.count, consumers: $0.consumers.count)
                }
            }
            return depths
        }
    }

    package func close() { state.withLock { $0.isClosed = true } }
}
