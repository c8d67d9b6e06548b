import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// Reads a consumer's events, and lets a test wait for what it expects among them.
actor EventLog {
    private(set) var events: [ConsumerEvent] = []
    private(set) var deliveries: [Delivery] = []
    private(set) var bodies: [String] = []
    private(set) var isFinished = false

    /// - Parameter settlement: what becomes of every delivery; `nil` leaves them to the test.
    init(_ consumer: any MessageConsumer, settling settlement: Settlement? = nil) {
        Task { [weak self] in
            for await event in consumer.events {
                if let settlement, case .deliveries(let deliveries) = event {
                    consumer.settle(deliveries.map(\.token), as: settlement)
                }
                await self?.append(event)
            }
            await self?.finish()
        }
    }

    private func append(_ event: ConsumerEvent) {
        events.append(event)
        guard case .deliveries(let more) = event else { return }
        deliveries += more
        // A large body stands for itself by its size.
        bodies += more.map { delivery in
            let body = delivery.message.body
            return body.count > 10_000 ? "\(body.count) bytes" : String(decoding: body, as: UTF8.self)
        }
    }

    private func finish() { isFinished = true }

    /// The epochs of the connections so far.
    var epochs: [UInt64] {
        events.compactMap { if case .connected(let epoch) = $0 { epoch } else { nil } }
    }

    var cancelledQueues: [String] {
        events.compactMap { if case .cancelled(let queue) = $0 { queue } else { nil } }
    }

    /// Why connections were lost.
    var disconnections: [String] {
        events.compactMap { if case .disconnected(let reason) = $0 { reason } else { nil } }
    }

    /// The first `count` deliveries, as soon as there are that many.
    func first(_ count: Int, within limit: Duration = .seconds(20)) async throws -> [Delivery] {
        try await eventually(within: limit) { await self.deliveries.count >= count }
        return Array(deliveries.prefix(count))
    }
}

struct Timeout: Error, CustomStringConvertible {
    let limit: Duration
    var description: String { "not within \(limit)" }
}

/// Asks again and again until the answer is yes.
func eventually(
    within limit: Duration = .seconds(20),
    _ condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw Timeout(limit: limit) }
        try await Task.sleep(for: .milliseconds(5))
    }
}

extension OutgoingMessage {
    /// A message straight to a queue.
    init(to queue: String, _ body: String, id: String? = nil) {
        var message = Message(body: Array(body.utf8))
        message.properties.messageID = id
        self.init(exchange: "", routingKey: queue, message: message)
    }
}
