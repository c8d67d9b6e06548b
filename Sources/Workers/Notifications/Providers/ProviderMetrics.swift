import Models
import Telemetry

/// What is counted of a channel's providers.
struct ProviderMetrics: Sendable {
    private let metrics: Metrics
    private let channel: Channel

    init(_ metrics: Metrics, _ channel: Channel) {
        self.metrics = metrics
        self.channel = channel
    }

    func note(_ answer: ProviderAnswer, of provider: String, took duration: Duration) {
        metrics.counter(
            "flotilla_notifications_sent_total",
            "Notifications given to providers, by what they answered.",
            ["channel": channel.rawValue, "provider": provider, "result": answer.word]
        ).increment()
        metrics.histogram(
            "flotilla_notification_send_duration_seconds",
            "How long a provider took to answer.",
            ["provider": provider]
        ).observe(duration.seconds)
    }
}

extension ProviderAnswer {
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
