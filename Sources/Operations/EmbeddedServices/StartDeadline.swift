/// How long a server that starts is waited for: a pure state machine.
///
/// Not at all beyond `quiet` without a new line in its log, and ten times as long in all: a broker with many queues may
/// recover for minutes, and to end it then would begin the same anew.
struct StartDeadline {
    private let begin: ContinuousClock.Instant
    private let quiet: Duration
    private var logSize: Int?
    private var lastSign: ContinuousClock.Instant

    init(_ begin: ContinuousClock.Instant, quiet: Duration) {
        (self.begin, self.quiet, lastSign) = (begin, quiet, begin)
    }

    mutating func isLeft(at now: ContinuousClock.Instant, logSize: Int) -> Bool {
        if let known = self.logSize, known != logSize { lastSign = now }
        self.logSize = logSize
        return now - lastSign < quiet && now - begin < quiet * 10
    }
}
