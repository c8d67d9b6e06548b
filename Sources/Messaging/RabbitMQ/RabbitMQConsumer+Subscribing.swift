import FlotillaModels
import FlotillaPlatform
import FlotillaTelemetry

/// Asking queues to deliver, one after the other, and again those that were not there.
extension RabbitMQConsumer {
    /// Takes every subscription one step further.
    func advance(_ connection: BrokerConnection) throws(AMQPError) {
        for index in subscriptions.indices where subscriptions[index].isStopping {
            guard subscriptions[index].phase == .consuming else { continue }
            subscriptions[index].phase = .cancelling
            pendingReplies.append(.cancel)
            let tag = subscriptions[index].tag
            try connection.sending { handle throws(AMQPError) in try handle.sendCancel(tag: tag) }
        }
        guard let next = subscriptions.firstIndex(where: { $0.isWanted && $0.phase == .idle }) else { return }
        switch probeChannel {
        case .closed:
            probeChannel = .opening
            try connection.sending { handle throws(AMQPError) in try handle.sendOpenChannel(2) }
        case .open:
            probeChannel = .asking(next)
            subscriptions[next].phase = .probing
            let queue = subscriptions[next].queue
            try connection.sending { handle throws(AMQPError) in try handle.sendProbe(queue, channel: 2) }
        case .opening, .asking: return
        }
    }

    /// The queue is there. When it has only just been made, RabbitMQ knows its name before its processes run, and
    /// a consumer that comes too soon costs the whole connection: such a queue is asked for once more, a little later.
    func found(_ index: Int, _ connection: BrokerConnection) throws(AMQPError) {
        if subscriptions[index].failures > 0, !subscriptions[index].isFound {
            subscriptions[index].isFound = true
            lookAgain(index, after: Self.newQueueDelay)
        } else {
            try consume(index, connection)
        }
    }

    func consume(_ index: Int, _ connection: BrokerConnection) throws(AMQPError) {
        guard subscriptions[index].isWanted else {
            subscriptions[index].phase = .idle
            return
        }
        subscriptions[index].phase = .starting
        subscriptions[index].generation += 1
        let state = subscriptions[index]
        queueByTag[state.tag] = state.queue
        pendingReplies.append(.prefetch)
        pendingReplies.append(.consume(index))
        try connection.sending { handle throws(AMQPError) in
            try handle.sendPrefetch(state.prefetch)
            try handle.sendConsume(state.queue, tag: state.tag)
        }
    }

    /// The queue is not there, or can't deliver: says so once, and looks again later.
    ///
    /// - Parameter isGone: whether the broker said that it is not there (any more).
    func missed(_ index: Int, _ reason: String, isGone: Bool = true) {
        subscriptions[index].isFound = false
        subscriptions[index].failures += 1
        let (queue, failures) = (subscriptions[index].queue, subscriptions[index].failures)
        if isGone { connectionState.repair?.report(lost: queue) }
        if failures == 1 {
            yieldCollected()
            output.yield(.cancelled(queue: queue))
            connectionState.log?.warning(
                "no deliveries from a queue",
                ["connection": .string(connectionState.name), "queue": .string(queue), "error": .string(reason)]
            )
        }
        lookAgain(
            index,
            after: connectionState.configuration.backoff.delay(afterFailures: failures, chance: .random(in: 0...1))
        )
    }

    func lookAgain(_ index: Int, after delay: Duration) {
        subscriptions[index].phase = .missing
        executor.schedule(after: delay) { [weak self] in
            self?.assumeIsolated { consumer in
                guard consumer.subscriptions[index].phase == .missing else { return }
                consumer.subscriptions[index].phase = .idle
                consumer.withConnection { connection throws(AMQPError) in try consumer.advance(connection) }
            }
        }
    }
}
