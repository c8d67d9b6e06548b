import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Puts back into their queues what the broker gave up for its delivery limit although no process has died of it: lost
/// connections alone had used the limit up.
struct DeadLetterReturns {
    private let broker: any Broker
    private let store: DeadLetterStore
    private let metrics: Metrics?
    private let log: Log
    private var publisher: (any MessagePublisher)?

    static let returned = MetricDescription(
        "flotilla_dlq_returned_total",
        .counter,
        "Messages put back since lost connections alone had used up their crash limit."
    )

    init(broker: any Broker, store: DeadLetterStore, metrics: Metrics?, log: Log) {
        self.broker = broker
        self.store = store
        self.metrics = metrics
        self.log = log
    }

    /// Returns those that are to be filed; the others are in their queues again.
    mutating func giveBack(_ deliveries: [Delivery]) async throws(PostgresError) -> [Delivery] {
        let deadLetters = deliveries.map { DeadLetter($0) }
        let identities = deadLetters.map { deadLetter in
            deadLetter.isReturnable
                ? MessageIdentity(queue: deadLetter.queue, message: deadLetter.message).description : nil
        }
        let candidates = identities.compactMap(\.self)
        guard !candidates.isEmpty else { return deliveries }
        let crashed = try await store.crashed(candidates)
        let places = deliveries.indices.filter { place in identities[place].map { !crashed.contains($0) } ?? false }
        guard !places.isEmpty, let publisher = await openPublisher() else { return deliveries }
        let returned = await Self.publish(places.map { ($0, deadLetters[$0].returned) }, publisher)
        for (queue, places) in Dictionary(grouping: returned, by: { deadLetters[$0].queue }) {
            metrics?.counter(Self.returned, ["queue": queue]).increment(by: places.count)
            log.warning(
                "messages that lost connections had used up, and that no process died of, are back in their queue",
                ["queue": .string(queue), "count": .integer(places.count)]
            )
        }
        let isReturned = Set(returned)
        return deliveries.indices.filter { !isReturned.contains($0) }.map { deliveries[$0] }
    }

    /// Tries on while it is not known whether the broker has them: filed as well, they would seem to have failed.
    ///
    /// - Returns: the places of those that the broker has.
    private static func publish(_ messages: [(place: Int, message: OutgoingMessage)], _ publisher: any MessagePublisher)
        async -> [Int]
    {
        var (left, returned) = (messages, [Int]())
        var backoff = KeeperBackoff()
        while !left.isEmpty, !Task.isCancelled {
            let results = await publisher.publish(left.map(\.message))
            returned += zip(left, results).filter { $1.isConfirmed }.map(\.0.place)
            left = zip(left, results).filter { if case .unconfirmed = $1 { true } else { false } }.map(\.0)
            if !left.isEmpty { await backoff.wait() }
        }
        return returned
    }

    func close() async { await publisher?.close() }

    private mutating func openPublisher() async -> (any MessagePublisher)? {
        if publisher == nil { publisher = try? await broker.publisher(named: "flotilla keeper") }
        return publisher
    }
}
