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

    /// A lost connection leaves it open whether a commit under way has happened.
    func whileCommitting(_ isCommitting: Bool) -> PostgresError {
        guard isCommitting, code == .unavailable else { return self }
        return .unavailable(operation, detail, isCommitUnknown: true)
    }

    /// A statement that was cancelled because its task was (57014) is a cancellation.
    func resolved(_ interruption: Interruption) -> PostgresError {
        interruption.isRequested && code == .sqlState("57014") ? .cancelled(operation) : self
    }
}
