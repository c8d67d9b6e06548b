import FlotillaHTTPServer
import FlotillaTelemetry
import Synchronization

/// Counts the clients that the server turns away, and says in the log that it does, once a minute for each reason.
final class RefusalReport: Sendable {
    private struct Tally {
        var count = 0
        var saidAt: ContinuousClock.Instant?
    }

    private static let interval = Duration.seconds(60)

    private let counters: [HTTPRefusal: Counter]
    private let log: Log
    private let tallies = Mutex<[HTTPRefusal: Tally]>([:])

    init(_ metrics: Metrics, _ log: Log) {
        self.log = log
        counters = Dictionary(
            uniqueKeysWithValues: HTTPRefusal.allCases.map { reason in
                (
                    reason,
                    metrics.counter(
                        "flotilla_http_refused_total",
                        "Clients that were turned away before a handler saw their request.",
                        ["reason": reason.rawValue]
                    )
                )
            }
        )
    }

    func note(_ reason: HTTPRefusal) {
        counters[reason]?.increment()
        let count = tallies.withLock { tallies -> Int? in
            var tally = tallies[reason] ?? Tally()
            defer { tallies[reason] = tally }
            tally.count += 1
            if let saidAt = tally.saidAt, .now - saidAt < Self.interval { return nil }
            defer { tally = Tally(saidAt: .now) }
            return tally.count
        }
        guard let count else { return }
        log.warning(
            "clients are turned away",
            [
                "reason": .string(reason.rawValue), "count": .integer(count),
                "meaning": .string(Self.meaning(of: reason)),
            ]
        )
    }

    private static func meaning(of reason: HTTPRefusal) -> String {
        switch reason {
        case .addressLimit: "one address has as many connections as it may have"
        case .crowded: "all connections are taken; those that had waited longest for a request are closed"
        case .slow: "a request or an answer took too long on its way"
        case .memory: "the bodies that are here take all the memory that they may"
        case .streams: "as many streams are open as there may be"
        }
    }
}
