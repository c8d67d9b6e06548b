/// When to keep away from a dependency: a pure state machine, which gets the time from its caller.
///
/// Closed, it lets everything through. After `threshold` outages in a row it opens: nothing is started until a
/// probe succeeds. Probes come at doubling intervals, from `firstProbe` to `longestProbe`. When it opens again before
/// any work has gone through, the first probe waits twice as long each time, up to `longestReopening`: its success has
/// meant too little.
package struct CircuitBreaker: Sendable {
    package enum State: Sendable, Hashable {
        case closed(outages: Int)
        case open(probeInterval: Duration)
    }

    let threshold: Int
    let firstProbe: Duration
    let longestProbe: Duration
    let longestReopening: Duration
    package private(set) var state = State.closed(outages: 0)
    /// The first wait of the next opening.
    private var opening: Duration

    package init(
        threshold: Int = 3,
        firstProbe: Duration = .milliseconds(250),
        longestProbe: Duration = .seconds(2),
        longestReopening: Duration = .seconds(4)
    ) {
        self.threshold = threshold
        self.firstProbe = firstProbe
        self.longestProbe = longestProbe
        self.longestReopening = longestReopening
        opening = firstProbe
    }

    /// Whether nothing is on record, not even that it has opened since work last went through.
    var isClear: Bool { state == .closed(outages: 0) && opening == firstProbe }

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
        state = .open(probeInterval: opening)
        return .probe(after: max(hold ?? opening, opening))
    }

    /// Work that used the dependency has gone through.
    package mutating func recordSuccess() {
        guard case .closed = state else { return }
        state = .closed(outages: 0)
        opening = firstProbe
    }

    package mutating func recordProbe(succeeded: Bool) -> Action {
        guard case .open(let interval) = state else { return .none }
        guard !succeeded else {
            state = .closed(outages: 0)
            opening = min(opening * 2, longestReopening)
            return .resume
        }
        let next = max(interval, min(interval * 2, longestProbe))
        state = .open(probeInterval: next)
        return .probe(after: next)
    }
}
