/// Decides when to send a heartbeat and when the peer has been silent for too long: a pure state machine.
///
/// librabbitmq would do both only inside its blocking calls, so its own heartbeats are off.
struct HeartbeatMonitor {
    enum Action: Hashable {
        case nothing
        case send
        case giveUp
    }

    /// Zero means no heartbeats.
    let interval: Duration
    private var lastSent: ContinuousClock.Instant
    private var lastReceived: ContinuousClock.Instant

    init(interval: Duration, now: ContinuousClock.Instant) {
        self.interval = interval
        lastSent = now
        lastReceived = now
    }

    /// A peer that keeps the rules sends at least every interval; silence ends just short of two of them.
    var tolerance: Duration { interval * 7 / 4 }

    /// How often to ask.
    var period: Duration { interval == .zero ? .seconds(5) : min(interval / 8, .seconds(1)) }

    mutating func received(at now: ContinuousClock.Instant) { lastReceived = now }

    mutating func sent(at now: ContinuousClock.Instant) { lastSent = now }

    func action(at now: ContinuousClock.Instant) -> Action {
        guard interval > .zero else { return .nothing }
        if now - lastReceived >= tolerance { return .giveUp }
        return now - lastSent >= interval / 2 ? .send : .nothing
    }
}
