/// What one trip to the server and back carries.
struct RoundTrip: Sendable {
    var statements: [SQLStatement]
    /// `BEGIN` goes first.
    var begins = false
    /// `COMMIT` goes last.
    var commits = false
    /// Whether the connection has just been taken out of the pool, so that it may have died unnoticed.
    var opensLease = false

    /// When the caller gives up; `nil` leaves it to the server's limit for a statement.
    var deadline: ContinuousClock.Instant?

    /// Without `BEGIN` and `COMMIT` what precedes the sync is a transaction of its own.
    var isImplicit = false

    var endsTransaction: Bool { commits || isImplicit }
    /// Whether nothing of its transaction has gone before, so that it can be repeated from here.
    var startsTransaction: Bool { begins || isImplicit }

    static func implicit(_ statements: [SQLStatement], until deadline: ContinuousClock.Instant? = nil) -> Self {
        Self(statements: statements, opensLease: true, deadline: deadline, isImplicit: true)
    }
}
