/// How long to wait before a process that died is started again: doubling, and from the start after a good run.
struct RestartBackoff {
    private var failures = 0
    private let base: Duration
    private let cap: Duration
    private let goodRun: Duration

    /// - Parameter goodRun: a process that lived that long is not held against.
    init(base: Duration = .milliseconds(500), cap: Duration = .seconds(30), goodRun: Duration = .seconds(60)) {
        (self.base, self.cap, self.goodRun) = (base, cap, goodRun)
    }

    /// The wait after a process that lived for `lifetime`.
    mutating func delay(afterLivingFor lifetime: Duration) -> Duration {
        failures = lifetime >= goodRun ? 1 : failures + 1
        return min(cap, base * (1 << min(failures - 1, 16)))
    }
}
