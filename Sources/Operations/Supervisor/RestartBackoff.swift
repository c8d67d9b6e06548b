/// How long to wait before a process that died is started again: doubling, and from the start after a good run.
///
/// Once it has run well, something kills it that is not of its own making, and it is back within seconds however often
/// that happens.
struct RestartBackoff {
    private var failures = 0
    private var hasRunWell = false
    private let base: Duration
    private let cap: Duration
    private let capAfterGoodRun: Duration
    private let goodRun: Duration

    /// - Parameter goodRun: a process that lived that long is not held against.
    init(
        base: Duration = .milliseconds(500),
        cap: Duration = .seconds(30),
        capAfterGoodRun: Duration = .seconds(4),
        goodRun: Duration = .seconds(10)
    ) {
        (self.base, self.cap, self.capAfterGoodRun, self.goodRun) = (base, cap, capAfterGoodRun, goodRun)
    }

    /// The wait after a process that lived for `lifetime`.
    mutating func delay(afterLivingFor lifetime: Duration) -> Duration {
        if lifetime >= goodRun { hasRunWell = true }
        failures = lifetime >= goodRun ? 1 : failures + 1
        return min(hasRunWell ? capAfterGoodRun : cap, base * (1 << min(failures - 1, 16)))
    }
}
