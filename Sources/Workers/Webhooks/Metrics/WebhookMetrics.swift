import FlotillaTelemetry

/// What is counted of webhooks.
enum WebhookMetrics {
    static let attempts = MetricDescription(
        "flotilla_webhook_attempts_total",
        .counter,
        "Requests to webhook endpoints, by what came of them."
    )
    static let duration = MetricDescription(
        "flotilla_webhook_attempt_duration_seconds",
        .histogram,
        "How long requests to webhook endpoints took."
    )

    static let all = [attempts, duration]
}
