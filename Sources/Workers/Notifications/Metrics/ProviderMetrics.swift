import FlotillaModels
import FlotillaTelemetry

/// What is counted of a channel's providers.
struct ProviderMetrics: Sendable {
    static let descriptions = [sent, duration]
    private static let sent = MetricDescription(
        "flotilla_notifications_sent_total",
        .counter,
        "Notifications given to providers, by what they answered."
    )
    private static let duration = MetricDescription(
        "flotilla_notification_send_duration_seconds",
        .histogram,
        "How long a provider took to answer."
    )

    private let metrics: Metrics
    private let channel: Channel

    init(_ metrics: Metrics, _ channel: Channel) {
        self.metrics = metrics
        self.channel = channel
    }

    func note(_ answer: ProviderResult, of provider: String, took duration: Duration) {
        metrics.counter(
            Self.sent,
            ["channel": channel.rawValue, "provider": provider, "result": answer.word]
        ).increment()
        metrics.histogram(
            Self.duration,
            ["provider": provider]
        ).observe(duration.seconds)
    }
}

extension ProviderResult {
    fileprivate var word: String {
        switch self {
        case .accepted: "accepted"
        case .refused: "refused"
        case .deferred: "deferred"
        case .failed: "failed"
        case .denied: "denied"
        case .unavailable: "unavailable"
        case .busy: "busy"
        }
    }
}
