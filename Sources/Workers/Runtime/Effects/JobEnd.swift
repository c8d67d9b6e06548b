import FlotillaModels
import FlotillaStorage
import Synchronization

/// The end of a job or of one attempt, recorded in Postgres when its handler has returned; that of a job before its
/// message is acknowledged.
///
/// It is no part of the effect's transaction: a handler that commits and then throws is tried again, and the job is
/// not done before it returns.
struct JobEnd: Sendable {
    let id: String
    let attempt: Int
    let report = JobReport()

    /// The ends of several jobs, to be executed in one transaction.
    static func succeeded(_ jobs: [JobEnd]) -> [SQLStatement] {
        jobs.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }.map(\.succeeded)
    }

    var succeeded: SQLStatement { Jobs.succeeded(id, attempts: attempt, result: report.result) }

    var retrying: SQLStatement { Jobs.retrying(id, attempts: attempt) }

    /// The handler was asked to end, and has.
    var cancelled: SQLStatement { Jobs.ended(cancelling: id, attempts: attempt) }

    func dead(_ failure: Failure) -> SQLStatement { Jobs.dead(id, attempts: attempt, failure: failure) }
}

/// What a handler says of its job while it runs: its result, and how far it is.
final class JobReport: Sendable {
    private struct State {
        var result: String?
        var sentAt: ContinuousClock.Instant?
        /// What came within the interval; only the newest is sent, at its end.
        var waiting: (percent: Int, note: String?)?
    }

    /// Live states are not written more often.
    private static let interval = Duration.milliseconds(250)

    private let state = Mutex(State())

    var result: String? { state.withLock(\.result) }

    func set(result: String) { state.withLock { $0.result = result } }

    /// Sends the progress at once or at the end of the interval.
    func progress(_ percent: Int, _ note: String?, send: @escaping @Sendable (Int, String?) async -> Void) {
        let now = ContinuousClock.now
        let wait: Duration? = state.withLock { state in
            if state.waiting != nil {
                state.waiting = (percent, note)
                return nil
            }
            let wait = state.sentAt.map { max($0 + Self.interval - now, .zero) } ?? .zero
            state.waiting = (percent, note)
            return wait
        }
        guard let wait else { return }
        Task {
            if wait > .zero { try? await Task.sleep(for: wait) }
            let newest = state.withLock { state in
                state.sentAt = .now
                return state.waiting.take()
            }
            if let newest { await send(newest.percent, newest.note) }
        }
    }
}
