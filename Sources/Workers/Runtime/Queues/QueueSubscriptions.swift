import FlotillaMessaging
import Synchronization

/// Which queues of one consumer are subscribed to. Changes are made one after the other, each by what is wanted then.
final class QueueSubscriptions: Sendable {
    /// How much of a queue is wanted from the broker.
    enum Extent: Sendable {
        /// No subscription: what waits stays in the queue, and no reconnection counts against its crash limit.
        case none
        /// One message, for a trial.
        case one
        case all
    }

    private struct State {
        /// What the broker was asked for last; everything until then.
        var applied: [String: Extent] = [:]
        var paused: Set<String> = []
        var isConnected = true
        var isStopped = false
        var last: Task<Void, Never>?
    }

    private let consumer: any MessageConsumer
    private let state = Mutex(State())

    init(_ consumer: any MessageConsumer) { self.consumer = consumer }

    var isConnected: Bool { state.withLock(\.isConnected) }

    func noteConnection(_ isConnected: Bool) { state.withLock { $0.isConnected = isConnected } }

    func applied(to queue: String) -> Extent { state.withLock { $0.applied[queue] ?? .all } }

    /// Takes the queue off until ``resume(_:_:)``, whatever else is wanted.
    func pause(_ queue: String, _ wanted: @escaping @Sendable () -> Extent) async {
        _ = state.withLock { $0.paused.insert(queue) }
        await adjust(queue, wanted)
    }

    func resume(_ queue: String, _ wanted: @escaping @Sendable () -> Extent) async {
        _ = state.withLock { $0.paused.remove(queue) }
        await adjust(queue, wanted)
    }

    /// Nothing is subscribed to any more.
    func stop() async {
        state.withLock { $0.isStopped = true }
        await inTurn { await $0.consumer.stopDeliveries() }
    }

    /// Asks the broker for what is wanted, if it was asked for something else.
    ///
    /// - Parameter wanted: decides at the time of the change, since earlier changes may have to wait for the broker.
    func adjust(_ queue: String, _ wanted: @escaping @Sendable () -> Extent) async {
        guard difference(queue, wanted) != nil else { return }
        await inTurn { subscriptions in
            guard let (old, new) = subscriptions.difference(queue, wanted) else { return }
            subscriptions.state.withLock { $0.applied[queue] = new }
            // The prefetch is a consumer's own, so that another one needs another consumer.
            if old != .none { await subscriptions.consumer.pause(queue) }
            switch new {
            case .none: break
            case .one: await subscriptions.consumer.resume(queue, prefetch: 1)
            case .all: await subscriptions.consumer.resume(queue, prefetch: nil)
            }
        }
    }

    private func difference(_ queue: String, _ wanted: () -> Extent) -> (old: Extent, new: Extent)? {
        let (old, isPaused, isStopped) = state.withLock { state in
            (state.applied[queue] ?? .all, state.paused.contains(queue), state.isStopped)
        }
        guard !isStopped else { return nil }
        let new = isPaused ? .none : wanted()
        return old == new ? nil : (old, new)
    }

    private func inTurn(_ change: @escaping @Sendable (QueueSubscriptions) async -> Void) async {
        let task = state.withLock { state in
            let previous = state.last
            let task = Task {
                await previous?.value
                await change(self)
            }
            state.last = task
            return task
        }
        await task.value
    }
}
