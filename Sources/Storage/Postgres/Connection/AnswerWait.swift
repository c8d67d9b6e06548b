/// How long a session waits for an answer: a value that says at each moment what to do.
///
/// A server that is silent for a while is asked over another session what it is doing: is it silent there too, or does
/// it know of nothing to do, then the connection is lost. A statement over its deadline is cancelled the same way.
struct AnswerWait {
    enum Step: Hashable {
        case none
        /// Ask over another session; tell the answer to ``noteInquiry(_:)``.
        case inquire
        /// Ask, tell the answer to ``noteCancellation(_:)``, and cancel if that says so.
        case cancel
        /// The connection is lost.
        case giveUp
        /// The server answers others, and goes on with the cancelled statement.
        case refuse(PostgresError.Wait)
    }

    private let replyTimeout: Duration
    private let silenceTimeout: Duration
    private let cancelTimeout: Duration
    private let deadline: ContinuousClock.Instant?
    private var heardAt: ContinuousClock.Instant
    private var inquiries = 0
    private var endsAt: ContinuousClock.Instant?
    /// What the session was doing when it was cancelled from here.
    private(set) var cancelled: PostgresError.Wait?

    /// - Parameter deadline: when the caller gives up.
    init(
        _ configuration: PostgresConfiguration,
        until deadline: ContinuousClock.Instant?,
        now: ContinuousClock.Instant = .now
    ) {
        replyTimeout = configuration.replyTimeout
        silenceTimeout = configuration.silenceTimeout
        cancelTimeout = configuration.cancelTimeout
        self.deadline = deadline
        heardAt = now
    }

    /// When to look again if nothing arrives.
    var nextStep: ContinuousClock.Instant {
        if let endsAt { return endsAt }
        let next = min(heardAt + replyTimeout, inquiresAt)
        return deadline.map { min($0, next) } ?? next
    }

    /// After one silence, after two more, after four more: a long statement is not asked about all the time.
    private var inquiresAt: ContinuousClock.Instant {
        heardAt + silenceTimeout * ((1 << min(inquiries + 1, 16)) - 1)
    }

    /// Bytes have arrived, or could be sent.
    mutating func hear(now: ContinuousClock.Instant = .now) {
        heardAt = now
        inquiries = 0
        if cancelled == nil { endsAt = nil }
    }

    func step(isInterrupted: Bool, now: ContinuousClock.Instant = .now) -> Step {
        if let endsAt {
            guard now >= endsAt else { return .none }
            return cancelled.map { .refuse($0) } ?? .giveUp
        }
        if isInterrupted || deadline.map({ now >= $0 }) ?? false { return .cancel }
        if now >= heardAt + replyTimeout { return .giveUp }
        return now >= inquiresAt ? .inquire : .none
    }

    mutating func noteInquiry(_ answer: ServerInquiry, now: ContinuousClock.Instant = .now) {
        inquiries += 1
        switch answer {
        case .silent: endsAt = now
        // Its answer may be on the way.
        case .idle: endsAt = now + cancelTimeout
        case .busy: break
        }
    }

    /// - Returns: whether to cancel what the session does.
    mutating func noteCancellation(_ answer: ServerInquiry, now: ContinuousClock.Instant = .now) -> Bool {
        noteInquiry(answer, now: now)
        guard case .busy(let reason) = answer else { return false }
        cancelled = reason
        endsAt = now + cancelTimeout
        return true
    }
}
