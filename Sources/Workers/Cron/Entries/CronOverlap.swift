/// What becomes of a run whose time has come while an earlier one of its entry is unfinished.
package enum CronOverlap: String, Sendable, Hashable, CaseIterable {
    /// It does not take place, and is counted.
    case skip
    /// One waits for the end of the other; further ones are counted as skipped.
    case bufferOne = "buffer_one"
    /// It runs beside the other.
    case allow
    /// The other is cancelled.
    case cancelOther = "cancel_other"

    /// What to do with one run.
    enum Decision: Sendable, Hashable {
        case run
        case wait(for: String)
        case cancel([String])
        case skip
    }

    /// - Parameter unfinished: the ids of the entry's jobs that have not ended.
    func decision(unfinished: [String]) -> Decision {
        guard let first = unfinished.first else { return .run }
        return switch self {
        case .skip: .skip
        case .bufferOne: unfinished.count == 1 ? .wait(for: first) : .skip
        case .allow: .run
        case .cancelOther: .cancel(unfinished)
        }
    }
}
