/// When to keep away from a dependency: a pure state machine, which gets the time from its caller.
///
/// Closed, it lets everything through. After `threshold` outages in a row it opens: nothing is started until a
/// probe succeeds. Probes come at doubling intervals, from `firstProbe` to `longestProbe`.
package struct CircuitBreaker: Sendable {
    package enum State: Sendable, Hashable {
        case closed(outages: Int)
        case open(probeInterval: Duration)
    }

    let threshold: Int
    let firstProbe: Duration
    let longestProbe: Duration
    package private(set) var state = State.closed(outages: 0)

    package init(threshold: Int = 3, firstProbe: Duration = .milliseconds(250), longestProbe: Duration = .seconds(2)) {
        self.threshold = threshold
        self.firstProbe = firstProbe
        self.longestProbe = longestProbe
    }

    package var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    package enum Action: Sendable, Hashable {
        case none
        /// Probe the dependency after this long.
        case probe(after: Duration)
        /// Let work go on.
        case resume
    }

    /// Work has met an outage of the dependency.
    ///
    /// - Parameter hold: how long the dependency itself asked to be left alone, which opens the breaker at once.
    package mutating func recordOutage(holding hold: Duration? = nil) -> Action {
        guard case .closed(let outages) = state else { return .none }
        guard outages + 1 >= threshold || hold != nil else {
            state = .closed(outages: outages + 1)
            return .none
        }
        state = .open(probeInterval: firstProbe)
        return .probe(after: max(hold ?? firstProbe, firstProbe))
    }

    /// Work that used the dependency has gone through.
    package mutating func recordSuccess() {
        if case .closed = state { state = .closed(outages: 0) }
    }

    package mutating func recordProbe(succeeded: Bool) -> Action {
        guard case .open(let interval) = state else { return .none }
        guard !succeeded else {
            state = .closed(outages: 0)
            return .resume
        }
        let next = min(interval * 2, longestProbe)
        state = .open(probeInterval: next)
        return .probe(after: next)
    }
}
