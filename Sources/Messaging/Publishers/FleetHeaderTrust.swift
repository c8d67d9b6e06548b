package import FlotillaModels
package import FlotillaTelemetry
import Synchronization

/// Tells the fleet's own messages from those of publishers, and takes the fleet's headers off the others.
///
/// A header such as `job-id` or `origin-routing-key` has an effect: it ends a job, it says what an audit row says. So it is
/// believed only on what the fleet has sent itself, by the `user_id` that the broker has checked. There is none of this
/// where `queues.yaml` lists no publishers.
///
/// Messages without a `user_id`, such as those that an earlier version of the fleet has sent, are believed as long as
/// publishers are not held strictly, where they came by an exchange that is the fleet's alone. No publisher of `queues.yaml` may
/// write there once `topology apply` has set the permissions; other users of the broker, if it lets them.
package final class FleetHeaderTrust: Sendable {
    private let users: Set<String>
    private let ownExchanges: Set<String>
    private let ladder: String
    private let services: Set<String>
    private let isStrict: Bool
    private let log: Log?
    private let removed: Counter?
    private let warned = Mutex<Set<String>>([])

    /// `nil` where every header is believed.
    ///
    /// - Parameter user: the fleet's own on the broker.
    package init?(_ topology: Topology, user: String, metrics: Metrics? = nil, log: Log? = nil) {
        guard let publishers = topology.publishers else { return nil }
        users = Set(publishers.fleetUsers).union([user])
        ladder = "\(topology.namespace).delay."
        ownExchanges = ["", topology.commands.name]
        services = Set(topology.queues.map(\.service)).union(["dlq"])
        isStrict = publishers.isStrict
        self.log = log
        removed = metrics?.counter(
            "flotilla_messages_foreign_headers_total",
            "Messages that carried headers of the fleet although the fleet had not sent them."
        )
    }

    /// The message without the fleet's headers, where the fleet has not sent it; else as it came.
    ///
    /// - Parameters:
    ///   - exchange: by which it came.
    ///   - queue: from which it was taken.
    package func screened(_ received: Message, exchange: String, queue: String) -> Message {
        guard !received.headers.isEmpty, !believes(received, exchange, queue) else { return received }
        var message = received
        message.headers.entries.removeAll { FleetHeader.own.contains($0.name) }
        if message.headers.entries.count < received.headers.entries.count { note(message, exchange, queue) }
        return message
    }

    private func note(_ message: Message, _ exchange: String, _ queue: String) {
        removed?.increment()
        let user = message.properties.userID ?? ""
        let isFirst = warned.withLock { $0.count < 1_000 && $0.insert(user).inserted }
        guard isFirst else { return }
        log?.warning(
            "headers of the fleet on a message that it has not sent; they are ignored",
            ["user": .string(user.isEmpty ? "none" : user), "queue": .string(queue), "exchange": .string(exchange)]
        )
    }

    private func believes(_ message: Message, _ exchange: String, _ queue: String) -> Bool {
        let headers = message.headers
        guard let user = message.properties.userID else {
            guard !isStrict, isOwn(exchange) else { return false }
            // A queue of the ladder says so. What the broker has dead-lettered itself may be from anybody.
            if let first = headers["x-first-death-queue"]?.text { return first.hasPrefix(ladder) && !isDead(queue) }
            return headers[FleetHeader.brokerDeath] == nil
        }
        guard users.contains(user) else { return false }
        // From a queue that somebody else has made, the fleet's message may have been sent on under any key.
        guard let first = headers["x-first-death-queue"]?.text else { return true }
        return first.hasPrefix(ladder) || services.contains(QueueName.service(of: first))
    }

    private func isOwn(_ exchange: String) -> Bool { ownExchanges.contains(exchange) || exchange.hasPrefix(ladder) }

    private func isDead(_ queue: String) -> Bool { QueueName.origin(ofDeadLetterQueue: queue) != nil }
}

extension FleetHeader {
    /// What only the fleet writes on messages.
    static let own = bookkeeping.union([
        jobID, replayOf, replayOperationID, edited, droppedHeaders, cronName, nominalTime,
    ])
}
