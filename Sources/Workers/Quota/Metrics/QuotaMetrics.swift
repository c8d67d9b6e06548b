import FlotillaTelemetry

/// What is counted of quotas.
enum QuotaMetrics {
    static let cacheFailures = MetricDescription(
        "flotilla_quota_board_failures_total",
        .counter,
        "States of quotas that Redis did not take."
    )

    static let all = [cacheFailures]
}
