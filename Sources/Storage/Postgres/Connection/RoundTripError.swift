/// Why a round trip gave no results.
enum RoundTripError: Error {
    /// The connection had died before anything was sent: another one can be tried.
    case stale
    case failed(PostgresError)
}

extension RoundTrip {
    /// The first words of what it executes, for messages.
    var operation: String {
        guard let statement = statements.first else { return commits ? "commit" : "begin" }
        let words = statement.text.split(maxSplits: 3, whereSeparator: \.isWhitespace).prefix(3)
        return words.joined(separator: " ")
    }
}

extension PostgresError {
    /// A prepared statement is gone (26000), or its result has other columns than when it was prepared (0A000).
    var isStalePlan: Bool { code == .sqlState("26000") || code == .sqlState("0A000") }

    /// What only a session gives that others have changed: a prepared statement that is gone, or is there already (42P05).
    var isOfAnotherSession: Bool { code == .sqlState("26000") || code == .sqlState("42P05") }

    /// A lost connection leaves it open whether a commit under way has happened.
    func whileCommitting(_ isCommitting: Bool) -> PostgresError {
        guard isCommitting else { return self }
        switch code {
        case .unavailable: return .unavailable(operation, detail, isCommitUnknown: true)
        case .deadline: return .deadline(operation, wait ?? .work, isCommitUnknown: true)
        default: return self
        }
    }

    /// A statement that was cancelled (57014) because its task was is a cancellation, because of its deadline a deadline.
    ///
    /// - Parameter wait: what it was doing when it was cancelled from here; `nil` when it was not.
    func resolved(_ interruption: Interruption, _ wait: Wait?) -> PostgresError {
        guard code == .sqlState("57014"), let wait else { return self }
        return interruption.isRequested ? .cancelled(operation, whileIn: wait) : .deadline(operation, wait)
    }
}
