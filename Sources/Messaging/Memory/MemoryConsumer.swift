import Synchronization

/// Consumes from a broker in memory.
final class MemoryConsumer: MessageConsumer {
    private struct State {
        var epoch: UInt64 = 1
        var tag: UInt64 = 0
        var unsettled: [UInt64: (queue: String, stored: MemoryQueue.Stored)] = [:]
        var taken: [String: Int] = [:]
        var paused: Set<String> = []
        /// Where it is not the subscription's own.
        var prefetch: [String: Int] = [:]
        var isClosed = false
    }

    let events: AsyncStream<ConsumerEvent>
    private let output: AsyncStream<ConsumerEvent>.Continuation
    private let broker: MemoryBroker
    private let prefetch: [String: Int]
    private let bodies: BodyBudget.Account?
    private let state = Mutex(State())

    init(_ broker: MemoryBroker, _ subscriptions: [Subscription]) {
        self.broker = broker
        bodies = broker.bodyBudget.map { BodyBudget.Account($0) }
        prefetch = Dictionary(subscriptions.map { ($0.queue, $0.prefetch) }) { first, _ in first }
        (events, output) = AsyncStream.makeStream()
        output.yield(.connected(epoch: 1))
    }

    // MARK: For the broker, which holds its own lock

    func wants(_ queue: String) -> Bool { prefetch[queue] != nil && state.withLock { !$0.isClosed } }

    /// Whether it asks for messages of the queue: neither closed nor paused.
    func takes(_ queue: String) -> Bool {
        wants(queue) && state.withLock { !$0.paused.contains(queue) }
    }

    /// The queue of each message that is out.
    var unsettledQueues: [String] { state.withLock { $0.unsettled.values.map(\.queue) } }

    /// Takes a place of the prefetch; `false` when none is free.
    func reserve(_ queue: String) -> Bool {
        state.withLock { state in
            let taken = state.taken[queue, default: 0]
            guard !state.isClosed, !state.paused.contains(queue),
                taken < state.prefetch[queue] ?? prefetch[queue, default: 0]
            else {
                return false
            }
            state.taken[queue] = taken + 1
            return true
        }
    }

    func deliver(_ batch: [(String, MemoryQueue.Stored)]) {
        let deliveries = state.withLock { state in
            batch.map { queue, stored in
                state.tag += 1
                state.unsettled[state.tag] = (queue, stored)
                return Delivery(
                    message: stored.message,
                    queue: queue,
                    exchange: stored.exchange,
                    routingKey: stored.routingKey,
                    isRedelivered: stored.isRedelivered,
                    token: DeliveryToken(epoch: state.epoch, tag: state.tag),
                    account: bodies
                )
            }
        }
        output.yield(.deliveries(deliveries))
    }

    func cancelled(_ queue: String) { output.yield(.cancelled(queue: queue)) }

    /// Starts a new epoch; returns what was unsettled in the old one, newest first.
    func dropped() -> [(String, MemoryQueue.Stored)] {
        let (epoch, unsettled) = state.withLock { state in
            state.epoch += 1
            state.taken = [:]
            defer { state.unsettled = [:] }
            return (state.epoch, state.unsettled.sorted { $0.key > $1.key }.map(\.value))
        }
        output.yield(.disconnected(reason: "the connection was dropped"))
        output.yield(.connected(epoch: epoch))
        return unsettled.map { ($0.queue, $0.stored) }
    }

    // MARK: For the caller

    func holds(_ delivery: DeliveryToken) -> Bool {
        state.withLock { $0.epoch == delivery.epoch && $0.unsettled[delivery.tag] != nil }
    }

    func settle(_ delivery: DeliveryToken, as settlement: Settlement) { settle([delivery], as: settlement) }

    func settle(_ deliveries: [DeliveryToken], as settlement: Settlement) {
        broker.change { broker in
            let settled = state.withLock { state in
                deliveries.compactMap { token -> (queue: String, stored: MemoryQueue.Stored)? in
                    guard token.epoch == state.epoch, let found = state.unsettled.removeValue(forKey: token.tag) else {
                        return nil
                    }
                    state.taken[found.queue, default: 1] -= 1
                    return found
                }
            }
            guard settlement == .requeue else { return }
            for (queue, stored) in settled.reversed() { broker.topology.requeue(stored, to: queue) }
        }
    }

    func pause(_ queue: String) async { _ = state.withLock { $0.paused.insert(queue) } }

    func resume(_ queue: String, prefetch: Int?) async {
        state.withLock { state in
            state.paused.remove(queue)
            state.prefetch[queue] = prefetch
        }
        broker.change { _ in }
    }

    func stopDeliveries() async { state.withLock { $0.paused = Set(prefetch.keys) } }

    func flush() async {}

    func close() async {
        broker.change { broker in
            let unsettled = state.withLock { state in
                state.isClosed = true
                defer { state.unsettled = [:] }
                return state.unsettled.sorted { $0.key > $1.key }.map(\.value)
            }
            let id = ObjectIdentifier(self)
            broker.consumers[id] = nil
            for queue in prefetch.keys { broker.topology.queues[queue]?.consumers.removeAll { $0 == id } }
            for (queue, stored) in unsettled { broker.topology.requeue(stored, to: queue) }
        }
        output.finish()
    }
}
