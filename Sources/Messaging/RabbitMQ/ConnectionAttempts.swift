/// When a connection that is opened on demand may be tried again: a pure state machine.
///
/// After one failure, or the loss of a connection that held, the next attempt is allowed at once. Further failures in a
/// row each make the pause before the next attempt longer; meanwhile the last error is the answer.
struct ConnectionAttempts {
    private var reconnection: Reconnection
    private var pause: (error: AMQPError, until: ContinuousClock.Instant)?

    init(backoff: Backoff) { reconnection = Reconnection(backoff: backoff) }

    /// To be called before an attempt; throws the last error when it is too early for one.
    mutating func begin(at now: ContinuousClock.Instant) throws(AMQPError) {
        if let pause, now < pause.until { throw pause.error }
        pause = nil
        _ = reconnection.start()
    }

    mutating func succeeded(at now: ContinuousClock.Instant) { reconnection.connected(at: now) }

    /// An attempt failed, or an established connection was lost.
    ///
    /// - Parameter chance: from 0 to 1, what shortens the pause.
    mutating func failed(_ error: AMQPError, at now: ContinuousClock.Instant, chance: Double) {
        guard case .wait(let delay) = reconnection.failed(at: now, chance: chance) else { return }
        pause = reconnection.failures > 1 ? (error, now + delay) : nil
    }
}
