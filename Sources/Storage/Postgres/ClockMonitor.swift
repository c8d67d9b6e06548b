import FlotillaPlatform
package import FlotillaTelemetry

/// Keeps ``WallClock`` at the database's time, and tells when this machine's clock is wrong.
package struct ClockMonitor: Sendable {
    package static let skewMetric = MetricDescription(
        "flotilla_clock_skew_seconds",
        .gauge,
        "How far this machine's clock is ahead of a server's; less than 0 when it is behind."
    )

    private let pool: PostgresPool
    private let redis: RedisClient?
    private let interval: Duration
    private let log: Log
    private let databaseSkew: Gauge
    private let redisSkew: Gauge?

    package init(
        _ pool: PostgresPool,
        redis: RedisClient?,
        every interval: Duration = .seconds(60),
        metrics: Metrics,
        log: Log
    ) {
        self.pool = pool
        self.redis = redis
        self.interval = interval
        self.log = log
        databaseSkew = metrics.gauge(Self.skewMetric, ["server": "postgres"])
        redisSkew = redis.map { _ in metrics.gauge(Self.skewMetric, ["server": "redis"]) }
    }

    /// Runs until the task is cancelled. What can't be asked keeps its last value: an outage has alarms of its own.
    package func run() async {
        var alarms = (database: ClockAlarm(), redis: ClockAlarm())
        while !Task.isCancelled {
            if (try? await pool.time()) != nil, let skew = ReferenceClock.process.skew {
                databaseSkew.set(Double(skew) / 1e6)
                tell(alarms.database.note(skew, at: .now), "the database's", skew)
            }
            if let skew = try? await redis?.clockSkew() {
                redisSkew?.set(Double(skew) / 1e6)
                tell(alarms.redis.note(skew, at: .now), "Redis'", skew)
            }
            try? await Task.sleep(for: interval)
        }
    }

    private func tell(_ report: ClockAlarm.Report?, _ server: String, _ skew: Int64) {
        let fields: KeyValuePairs<String, Log.Value> = ["seconds_ahead": .double(Double(skew) / 1e6)]
        switch report {
        case .wrong:
            log.warning("this machine's clock differs from \(server); the database's is what decides", fields)
        case .right: log.info("this machine's clock agrees with \(server) again", fields)
        case nil: break
        }
    }
}

/// When a wrong clock is worth a line: at once, then every hour, and once when it is right again.
package struct ClockAlarm {
    enum Report { case wrong, right }

    /// How far clocks may be apart, in microseconds.
    private static let tolerance = 5_000_000
    static let interval = Duration.seconds(3_600)

    private var toldAt: ContinuousClock.Instant?

    /// - Parameter skew: in microseconds.
    package static func isWrong(_ skew: Int64) -> Bool { skew.magnitude > tolerance }

    /// - Parameter skew: in microseconds.
    mutating func note(_ skew: Int64, at now: ContinuousClock.Instant) -> Report? {
        guard Self.isWrong(skew) else {
            defer { toldAt = nil }
            return toldAt == nil ? nil : .right
        }
        if let toldAt, now - toldAt < Self.interval { return nil }
        toldAt = now
        return .wrong
    }
}

extension RedisClient {
    /// By how many microseconds this machine's clock is ahead of the server's; `nil` when the answer is none.
    package func clockSkew() async throws(RedisError) -> Int64? {
        let reply = try await command(["TIME"]).elements
        guard reply.count == 2, let seconds = reply[0].int, let rest = reply[1].int else { return nil }
        return WallClock.machine() - seconds * 1_000_000 - rest
    }
}
