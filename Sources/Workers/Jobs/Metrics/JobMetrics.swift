import FlotillaTelemetry

/// What the coordinator counts.
struct JobMetrics: Sendable {
    static let descriptions = [expiredDescription, givenUpDescription]
    private static let expiredDescription = MetricDescription(
        "flotilla_jobs_expired_total",
        .counter,
        "Jobs that had not started when their time was over."
    )
    private static let givenUpDescription = MetricDescription(
        "flotilla_jobs_given_up_total",
        .counter,
        "Cancelled jobs whose handlers did not end in time."
    )

    let expired: Counter
    let givenUp: Counter

    init(_ metrics: Metrics) {
        expired = metrics.counter(Self.expiredDescription.name, Self.expiredDescription.help)
        givenUp = metrics.counter(Self.givenUpDescription.name, Self.givenUpDescription.help)
    }
}
