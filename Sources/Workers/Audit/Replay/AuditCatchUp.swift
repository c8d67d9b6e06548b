/// Tells when the audit log holds everything that was published before a certain time. A pure value, which gets the time and
/// what there is to see from its caller.
///
/// Once its queue has held nothing ready, all of that has been handed out. What is handed out has its row once nothing is
/// unacknowledged, which only the management API says. On a fleet that is never idle there is always something, so that rows
/// which are written after half a minute will do as well: no transaction takes that long.
struct AuditCatchUp: Sendable {
    struct Sight: Sendable {
        /// Of the audit log's queue; `nil` when it is not there.
        var ready: Int?
        /// The same; `nil` when nobody can say.
        var unacknowledged: Int?
        /// Whether the worker has written rows in the last few seconds.
        var isWriting = false
    }

    /// How old the numbers of the management API may be.
    private static let staleness = Duration.seconds(6)
    /// How long a transaction may take, twice and a bit.
    private static let longest = Duration.seconds(25)

    private var drainedAt: ContinuousClock.Instant?

    /// Whether the log is complete, by what was seen at the time.
    mutating func isComplete(_ sight: Sight, at now: ContinuousClock.Instant) -> Bool {
        guard sight.ready == 0 else { return false }
        guard let drainedAt else {
            drainedAt = now
            return false
        }
        let passed = now - drainedAt
        if sight.unacknowledged == 0 { return passed >= Self.staleness }
        return passed >= Self.longest && (sight.isWriting || sight.unacknowledged == nil)
    }
}
