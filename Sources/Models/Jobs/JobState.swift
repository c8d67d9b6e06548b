/// Where a job stands: `scheduled → waiting → queued → running → (retrying → running)* → succeeded | dead | cancelled |
/// expired`, with `cancelling` between running and its end.
///
/// `scheduled` waits for its time, `waiting` for jobs that it comes after or for the turn of its key, `queued` for a worker.
public enum JobState: String, Sendable, Hashable, Codable, CaseIterable {
    case scheduled, waiting, queued, running, retrying, cancelling, succeeded, dead, cancelled, expired

    public var isFinal: Bool {
        switch self {
        case .succeeded, .dead, .cancelled, .expired: true
        case .scheduled, .waiting, .queued, .running, .retrying, .cancelling: false
        }
    }

    /// The order in which states of one attempt follow each other; a lower rank never replaces a higher one.
    public var rank: Int {
        switch self {
        case .scheduled, .waiting: 0
        case .queued: 1
        case .running: 2
        case .retrying, .cancelling: 3
        case .succeeded, .dead, .cancelled, .expired: 4
        }
    }

    /// Those of jobs that have not ended.
    package static let unfinished = allCases.filter { !$0.isFinal }
}
