import FlotillaHTTPRouting
import FlotillaHTTPServer
import FlotillaModels
import FlotillaModules
import FlotillaPlatform
import FlotillaStorage
import FlotillaTelemetry
import Synchronization

/// Counts requests that were answered 401 or 403, and has the audit log say so: the first of a caller on a route at once, what
/// follows once a minute with its number, so that no flood of them fills the log.
final class DeniedRequests: Sendable {
    /// What is counted together.
    private struct Key: Hashable {
        /// The caller, or the address, as limits count it, of somebody who has not shown who it is.
        var who: String?
        var route: String
        var reason: String

        /// Whatever there is no room for, of anybody.
        static let many = Key(who: nil, route: "", reason: "")
    }

    private struct Tally {
        var denied: DeniedRequest
        var count = 0
        var firstAt: Int64 = 0
        var lastAt: Int64 = 0
        var reportedAt: ContinuousClock.Instant?
    }

    static let event = "request.denied"
    private static let interval = Duration.seconds(60)
    /// Made-up callers and addresses must fill neither the memory nor the log.
    private static let capacity = 256

    private let metrics: Metrics
    private let log: Log
    private let intake: EventIntake
    private let exchange: String
    private let seal: ReceivedSeal?
    private let tallies = Mutex<[Key: Tally]>([:])
    /// Reports that are under way.
    private let reports = Mutex<[Int: Task<Void, Never>]>([:])
    private let lastReport = Atomic(0)

    init(_ context: APIContext, seal: ReceivedSeal?) {
        metrics = context.metrics
        log = context.log
        intake = EventIntake(context.postgres)
        exchange = context.topology.events.name
        self.seal = seal
    }

    func note(_ denied: DeniedRequest) {
        metrics.counter(
            "flotilla_api_denied_total",
            "Requests that were answered 401 or 403, by the code of the answer.",
            ["reason": denied.reason]
        ).increment()
        let now = WallClock.microseconds()
        let report = tallies.withLock { tallies -> (Key, Tally)? in
            var key = Key(who: denied.caller ?? denied.client, route: denied.route, reason: denied.reason)
            if tallies[key] == nil, tallies.count >= Self.capacity { key = .many }
            var tally = tallies[key] ?? Tally(denied: denied, firstAt: now)
            tally.denied = denied
            if tally.count == 0 { tally.firstAt = now }
            tally.count += 1
            tally.lastAt = now
            tallies[key] = tally
            return Self.take(key, &tallies)
        }
        guard let (key, tally) = report else { return }
        let number = lastReport.add(1, ordering: .relaxed).newValue
        reports.withLock { reports in
            reports[number] = Task.detached {
                await self.report(tally, of: key)
                self.reports.withLock { $0[number] = nil }
            }
        }
    }

    /// Reports all that is not reported yet, unless Postgres is away; to be called when no request comes any more.
    func flushAll() async {
        for task in reports.withLock({ Array($0.values) }) { await task.value }
        let rest = tallies.withLock { tallies in
            Array(tallies.keys).compactMap { Self.take($0, &tallies, evenIfRecent: true) }
        }
        for (key, tally) in rest {
            // The next one would wait for it in vain as well.
            guard await report(tally, of: key) else { return }
        }
    }

    /// Reports what has come since the last report of its kind, where that was a minute ago; to be called every few seconds.
    func flush() async {
        let reports = tallies.withLock { tallies in
            let old = tallies.filter { $0.value.count == 0 && !Self.isRecent($0.value) }
            for key in old.keys { tallies[key] = nil }
            return Array(tallies.keys).compactMap { Self.take($0, &tallies) }
        }
        for (key, tally) in reports { await report(tally, of: key) }
    }

    private static func isRecent(_ tally: Tally) -> Bool {
        tally.reportedAt.map { .now - $0 < interval } ?? false
    }

    /// What there is to report now; its count begins anew.
    private static func take(_ key: Key, _ tallies: inout [Key: Tally], evenIfRecent: Bool = false) -> (Key, Tally)? {
        guard let tally = tallies[key], tally.count > 0, evenIfRecent || !isRecent(tally) else { return nil }
        tallies[key]?.count = 0
        tallies[key]?.reportedAt = .now
        return (key, tally)
    }

    /// - Returns: whether the audit log will have it.
    @discardableResult
    private func report(_ tally: Tally, of key: Key) async -> Bool {
        let denied = tally.denied
        if key == .many {
            log.warning("requests of many callers were refused", ["count": .integer(tally.count)])
        } else {
            log.warning(
                denied.status == 401 ? "authentication failed" : "a request was refused for want of a right",
                correlationID: denied.correlationID,
                [
                    "reason": .string(denied.reason), "count": .integer(tally.count), "status": .integer(denied.status),
                    "route": .string(denied.route), "caller": .string(denied.caller ?? ""),
                    "address": .string(denied.address ?? ""), "key_id": .string(denied.keyID ?? ""),
                ]
            )
        }
        do {
            try await intake.publish(message(tally, isOfMany: key == .many))
            return true
        } catch {
            // It is counted in the next one.
            tallies.withLock { $0[key]?.count += tally.count }
            return false
        }
    }

    /// - Parameter isOfMany: names nobody, since the last of many stands for none of the others.
    private func message(_ tally: Tally, isOfMany: Bool) -> OutgoingMessage {
        let denied: DeniedRequest? = isOfMany ? nil : tally.denied
        var body = JSONObject()
        body.add("service", "flotilla")
        body.add("actor", denied?.caller)
        body.add("status", denied?.status)
        body.add("reason", denied?.reason ?? "several")
        body.add("keyId", denied?.keyID)
        body.add("count", tally.count)
        body.add("firstAt", WallClock.iso8601(tally.firstAt))
        body.add("occurredAt", WallClock.iso8601(tally.lastAt))
        var message = Message(body: Array(body.closed.utf8))
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = UUIDv7.make()
        message.properties.type = Self.event
        message.properties.correlationID = denied?.correlationID
        message.properties.appID = "flotilla"
        let from = ReceivedFrom(
            by: denied?.caller ?? ReceivedFrom.anonymous,
            route: denied?.route,
            address: denied?.address,
            at: tally.lastAt
        )
        let outgoing = OutgoingMessage(exchange: exchange, routingKey: Self.event, message: message)
        return ReceivedRequest(from, seal: seal).stamped(outgoing)
    }
}
