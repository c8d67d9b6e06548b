/// Where a job stands: `scheduled → queued → running → (retrying → running)* → succeeded | dead | cancelled`.
public enum JobState: String, Sendable, Hashable, Codable, CaseIterable {
    case scheduled, queued, running, retrying, succeeded, dead, cancelled

    public var isFinal: Bool { self == .succeeded || self == .dead || self == .cancelled }

    /// The order in which states of one attempt follow each other; a lower rank never replaces a higher one.
    public var rank: Int {
        switch self {
        case .scheduled: 0
        case .queued: 1
        case .running: 2
        case .retrying: 3
        case .succeeded, .dead, .cancelled: 4
        }
    }
}
