/// A clock whose waits are over a thousand times sooner, so that a retry after four seconds comes after four milliseconds.
struct CompressedClock: Clock {
    private let clock = ContinuousClock()
    private let factor = 1_000

    var now: ContinuousClock.Instant { clock.now }
    var minimumResolution: Duration { clock.minimumResolution }

    func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws {
        let start = now
        try await clock.sleep(until: start + start.duration(to: deadline) / factor, tolerance: nil)
    }
}
