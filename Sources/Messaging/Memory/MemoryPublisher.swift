import FlotillaModels
import Synchronization

/// Publishes into a broker in memory.
final class MemoryPublisher: MessagePublisher {
    private let broker: MemoryBroker
    private let isClosed = Mutex(false)
    private let limits = PublishLimits(user: nil, maximumFrameSize: 131_072)

    init(_ broker: MemoryBroker) { self.broker = broker }

    var condition: PublisherCondition {
        if isClosed.withLock({ $0 }) { return .disconnected(reason: "closed") }
        return broker.blocked.map { .blocked(reason: $0) } ?? .connected
    }

    func publish(_ messages: [OutgoingMessage]) async -> [PublishResult] {
        await broker.waitUntilUnblocked()
        guard !isClosed.withLock({ $0 }) else {
            return messages.map { _ in .unconfirmed(reason: "the publisher is closed") }
        }
        return messages.map { message in
            if let reason = limits.refusal(of: message) { return .uncarriable(reason: reason) }
            return switch broker.publish([message])[0] {
            case .accepted: .confirmed
            case .unroutable: .unroutable(code: 312, reason: "NO_ROUTE")
            case .refused: .refused(reason: "the queue is full")
            }
        }
    }

    func close() async { isClosed.withLock { $0 = true } }
}
