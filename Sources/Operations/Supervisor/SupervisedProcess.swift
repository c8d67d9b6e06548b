/// A child process that has to run: what starts it, and where it stands.
struct SupervisedProcess {
    enum State {
        case running(process: CInt, since: ContinuousClock.Instant)
        case waiting(until: ContinuousClock.Instant)
    }

    let name: String
    let arguments: [String]
    let log: String
    var state: State = .waiting(until: .now)
    var backoff = RestartBackoff()

    var process: CInt? {
        if case .running(let process, _) = state { process } else { nil }
    }

    /// Whether it is time to start it.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        if case .waiting(let due) = state { due <= now } else { false }
    }

    /// Notes the end; returns the wait until the next start.
    mutating func hasEnded(at now: ContinuousClock.Instant) -> Duration {
        guard case .running(_, let start) = state else { return .zero }
        let delay = backoff.delay(afterLivingFor: now - start)
        state = .waiting(until: now + delay)
        return delay
    }
}
