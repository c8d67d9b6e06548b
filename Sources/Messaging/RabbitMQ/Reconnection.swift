/// When to connect again: a pure state machine; whoever owns the connection does what it returns.
package struct Reconnection: Sendable {
    package enum State: Sendable, Hashable {
        case connecting
        case connected
        case waiting
        case closed
    }

    package enum Action: Sendable, Hashable {
        case nothing
        case connect
        /// Call ``waited()`` after this long.
        case wait(Duration)
    }

    /// A connection that lived this long forgets the failures before it.
    package static let stability = Duration.seconds(10)

    package private(set) var state = State.waiting
    package private(set) var failures = 0
    private let backoff: Backoff
    private var connectedAt: ContinuousClock.Instant?

    package init(backoff: Backoff) { self.backoff = backoff }

    package mutating func start() -> Action {
        guard state == .waiting else { return .nothing }
        state = .connecting
        return .connect
    }

    package mutating func connected(at now: ContinuousClock.Instant) {
        guard state == .connecting else { return }
        state = .connected
        connectedAt = now
    }

    /// An attempt failed, or an established connection was lost.
    package mutating func failed(at now: ContinuousClock.Instant, chance: Double) -> Action {
        guard state == .connecting || state == .connected else { return .nothing }
        if let connectedAt, connectedAt + Self.stability <= now { failures = 0 }
        connectedAt = nil
        failures += 1
        state = .waiting
        return .wait(backoff.delay(afterFailures: failures, chance: chance))
    }

    package mutating func waited() -> Action { start() }

    package mutating func close() { state = .closed }
}
