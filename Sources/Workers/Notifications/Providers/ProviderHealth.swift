/// Decides from a provider's results so far whether its next failure is its own fault or the notification's.
///
/// A provider that takes others and fails with one is not out; one that fails with several in a row, and takes none
/// between them, is. In between the notification is deferred: it waits, and spends no attempt. A pure
/// value, which knows notifications by their ids.
struct ProviderHealth: Sendable {
    enum Fault: Sendable, Hashable {
        /// It is the notification's fault: that costs an attempt.
        case notification
        /// It is not clear yet: the notification waits for so long.
        case unclear(wait: Duration)
        /// The provider is out.
        case provider
    }

    private struct FailureRecord {
        var failures = 0
        /// How many answers the provider had given when it failed last.
        var answers = 0
    }

    /// So many different notifications in a row mean an outage.
    static let outage = 3
    /// The same for a provider whose probe succeeds after each of them.
    static let outageDespiteProbes = 10
    /// How often a notification may be deferred while no other one has succeeded.
    static let maxDeferrals = 3
    /// How many failed notifications are remembered at most.
    private static let memory = 1_000
    private static let firstWait = Duration.seconds(5)
    private static let firstHold = Duration.seconds(1)
    private static let longestHold = Duration.seconds(60)

    /// Acceptances and refusals, which only a provider that works gives.
    private var answers = 0
    private var failureRecords: [String: FailureRecord] = [:]
    private var nextHold = firstHold

    var failureRecordCount: Int { failureRecords.count }

    /// The provider has answered for this notification as one does that works.
    mutating func noteAnswer(for id: String) {
        answers += 1
        failureRecords[id] = nil
        nextHold = Self.firstHold
    }

    /// The provider can be reached, and has failed with this notification.
    ///
    /// - Parameter probeIsConclusive: whether its probe takes the same way as notifications; it has just succeeded.
    mutating func assess(_ id: String, probeIsConclusive: Bool) -> Fault {
        var record = failureRecords[id] ?? FailureRecord()
        let othersSucceeded = record.failures > 0 && record.answers < answers
        record.failures += 1
        record.answers = answers
        if failureRecords.count >= Self.memory, failureRecords[id] == nil { failureRecords = [:] }
        failureRecords[id] = record
        if othersSucceeded { return .notification }
        let inARow = failureRecords.values.count { $0.answers == answers }
        if inARow >= (probeIsConclusive ? Self.outageDespiteProbes : Self.outage) { return .provider }
        if probeIsConclusive || record.failures > Self.maxDeferrals { return .notification }
        return .unclear(wait: Self.firstWait * (1 << (record.failures - 1)))
    }

    /// How long to leave a provider alone, from now on, that fails with everything although it can be reached: from a
    /// second, doubled up to a minute.
    mutating func hold() -> Duration {
        defer { nextHold = min(nextHold * 2, Self.longestHold) }
        return nextHold
    }
}
