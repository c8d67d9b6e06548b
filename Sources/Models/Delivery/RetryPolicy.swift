/// How often a handler is executed, and how long a message waits in between.
public struct RetryPolicy: Sendable, Hashable {
    /// Executions of the handler, the first included: 3 means one try and two retries.
    public var attempts: Int
    /// The wait after the first failure.
    public var base: Duration
    /// What each further wait is multiplied by.
    public var factor: Double
    /// No wait is longer, jitter included.
    public var cap: Duration
    /// The share of a wait, from 0 to 1, that chance may add or take away.
    public var jitter: Double

    public init(
        attempts: Int = 3,
        base: Duration = .seconds(1),
        factor: Double = 4,
        cap: Duration = .seconds(300),
        jitter: Double = 0.2
    ) {
        self.attempts = attempts
        self.base = base
        self.factor = factor
        self.cap = cap
        self.jitter = jitter
    }

    /// The wait after the `failures`-th failed execution, or `nil` when no execution is left.
    ///
    /// - Parameter chance: from -1 to 1; how much of the jitter to apply.
    public func delay(afterFailures failures: Int, chance: Double) -> Duration? {
        guard failures < attempts else { return nil }
        var seconds = base.seconds
        for _ in 1..<max(failures, 1) {
            seconds *= factor
            if seconds >= cap.seconds { break }
        }
        seconds = min(seconds, cap.seconds) * (1 + jitter * min(max(chance, -1), 1))
        return .milliseconds(Int64(min(max(seconds, 0), cap.seconds) * 1_000))
    }
}

extension Duration {
    /// The length in seconds, as a floating-point number.
    public var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }

    /// The length in whole milliseconds, rounded down.
    public var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
