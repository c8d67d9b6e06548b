/// How many requests are taken from one caller.
package struct RateLimit: Sendable, Hashable {
    /// Requests per second in the long run.
    package let rate: Double
    /// How many may come at once after a pause.
    package let burst: Int

    /// - Parameters:
    ///   - rate: above zero.
    ///   - burst: at least 1.
    package init(rate: Double, burst: Int) {
        precondition(rate > 0 && burst > 0, "a limit of nothing")
        self.rate = rate
        self.burst = burst
    }

    /// How many permits a process takes from the common limit at a time: those of 10 ms, and no more than a twentieth of
    /// the burst. What it has not used is the error of the limit.
    package var batch: Int { max(1, min(Int(min(rate / 100, 1e6)), burst / 20)) }

    /// How long an exhausted allowance takes to be full again, in whole seconds.
    var window: Int { Self.seconds(of: .seconds(Double(burst) / rate)) }

    /// At least 1, as header fields have them.
    static func seconds(of duration: Duration) -> Int {
        max(1, Int(clamping: duration.components.seconds) + (duration.components.attoseconds > 0 ? 1 : 0))
    }
}
