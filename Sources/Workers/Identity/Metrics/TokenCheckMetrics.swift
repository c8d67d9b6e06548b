import FlotillaTelemetry

/// Counts checks of tokens by what was found.
struct TokenCheckMetrics: Sendable {
    /// What a check can end with: a refusal by its code, or one of these.
    enum Outcome: Hashable, Sendable {
        case accepted
        /// Whoever has to be asked could not be.
        case unavailable
        case refused(TokenRefusal.Code)

        static let all = [accepted, unavailable] + TokenRefusal.Code.allCases.map { refused($0) }

        var label: String {
            switch self {
            case .accepted: "accepted"
            case .unavailable: "unavailable"
            case .refused(let code): code.rawValue
            }
        }
    }

    static let checks = MetricDescription(
        "flotilla_token_checks_total",
        .counter,
        "Checks of tokens by which the API is called, by what was found."
    )

    private let counters: [Outcome: Counter]

    init(_ metrics: Metrics) {
        counters = Dictionary(
            uniqueKeysWithValues: Outcome.all.map { ($0, metrics.counter(Self.checks, ["outcome": $0.label])) }
        )
    }

    func note(_ outcome: Outcome) { counters[outcome]?.increment() }
}
