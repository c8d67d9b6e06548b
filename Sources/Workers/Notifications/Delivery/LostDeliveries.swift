import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import FlotillaTelemetry
import Workers

/// Gives a new message to notifications that have waited for an hour and have none any more: a queue was purged, or the
/// broker has lost its data.
///
/// Should the old message turn up after all, the second of the two finds the notification sent.
struct LostDeliveries: FleetService {
    /// Longer than any retry or lease leaves a notification alone; what a provider asks for beyond is on record.
    static let silence = Duration.seconds(3_600)
    /// How many are given a message in one transaction.
    private static let step = 500
    private static let interval = Duration.seconds(300)

    private let pool: PostgresPool
    private let topology: Topology
    private let broker: any Broker
    private let log: Log

    init(_ pool: PostgresPool, topology: Topology, broker: any Broker, log: Log) {
        self.pool = pool
        self.topology = topology
        self.broker = broker
        self.log = log
    }

    func run() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            do {
                try await resend()
            } catch {
                log.debug("can't look for lost deliveries now", ["problem": .string("\(error)")])
            }
        }
    }

    /// Looks once; returns how many were given a message.
    @discardableResult
    func resend() async throws -> Int {
        var count = 0
        let kinds = [Channel.email, .sms].flatMap { channel in
            NotificationPriority.allCases.map { priority in
                (channel, priority, queue: DeliveryQueue.routingKey(channel: channel, priority: priority))
            }
        }
        let depths = try await broker.depths(of: kinds.map(\.queue))
        // While there is a backlog, they may well be in it.
        for (channel, priority, queue) in kinds where depths[queue]?.ready == 0 {
            count += try await resend(channel, priority)
        }
        return count
    }

    private func resend(_ channel: Channel, _ priority: NotificationPriority) async throws -> Int {
        let ids = try await pool.transaction { transaction in
            let ids = try await transaction.query(Self.take(channel, priority)).compactMap { $0.text(0) }
            let messages = ids.map {
                DeliveryQueue.message($0, channel: channel, priority: priority, exchange: topology.commands.name)
            }
            try await transaction.commit(after: messages.isEmpty ? [] : [Outbox.insert(messages)])
            return ids
        }
        guard let first = ids.first else { return 0 }
        log.warning(
            "notifications had lost their messages and got new ones",
            ["count": .integer(ids.count), "channel": .string(channel.rawValue), "first": .string(first)]
        )
        return ids.count
    }

    /// A lease that ends now marks them as seen to, for another hour.
    private static func take(_ channel: Channel, _ priority: NotificationPriority) -> SQLStatement {
        SQLStatement(
            """
            UPDATE notifications SET sending_until = now() WHERE id = ANY (ARRAY(
                SELECT id FROM notifications
                WHERE status = 'queued' AND channel = $1 AND priority = $2
                    AND greatest(created_at, scheduled_at, sending_until) < now() - $3 * interval '1 second'
                ORDER BY id LIMIT $4 FOR UPDATE SKIP LOCKED))
            RETURNING id
            """,
            [.text(channel.rawValue), .text(priority.rawValue), .double(silence.seconds), .int(Int64(step))]
        )
    }
}
