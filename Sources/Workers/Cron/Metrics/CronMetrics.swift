import FlotillaTelemetry

/// What is counted of cron entries, each by its name.
struct CronMetrics: Sendable {
    static let runs = MetricDescription("flotilla_cron_runs_total", .counter, "Jobs enqueued by cron entries.")
    static let missed = MetricDescription(
        "flotilla_cron_missed_total",
        .counter,
        "Runs whose time passed while no scheduler ran, and that were too old to be caught up."
    )
    static let skipped = MetricDescription(
        "flotilla_cron_skipped_total",
        .counter,
        "Runs that did not take place since an earlier one was unfinished."
    )

    static let all = [runs, missed, skipped]

    private let metrics: Metrics

    init(_ metrics: Metrics) { self.metrics = metrics }

    /// What one step has done for an entry.
    func count(_ name: String, runs: Int, missed: Int, skipped: Int) {
        for (metric, count) in [(Self.runs, runs), (Self.missed, missed), (Self.skipped, skipped)] where count > 0 {
            metrics.counter(metric, ["name": name]).increment(by: count)
        }
    }
}
