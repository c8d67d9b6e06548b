/// What a provider's answers so far say of its next failure: whether the provider is at fault, or the notification.
///
/// A provider that takes others and fails with one is not out; one that fails with several in a row, and takes none
/// between them, is. In between the notification gets the benefit of the doubt: it waits, and spends no attempt. A pure
/// value, which knows notifications by their ids.
struct ProviderStanding: Sendable {
    enum Verdict: Sendable, Hashable {
        /// It is the notification's fault: that costs an attempt.
        case notification
        /// It can't be told yet: the notification waits for so long.
        case unclear(wait: Duration)
        /// The provider is out.
        case provider
    }

    private struct Suspect {
        var failures = 0
        /// How many answers the provider had given when it failed last.
        var answers = 0
    }

    /// So many different notifications in a row are no accident.
    static let outage = 3
    /// The same for a provider that lets us in after each of them.
    static let outageInSpiteOfWelcome = 10
    /// How often a notification that nobody else's success speaks against may wait.
    static let benefitsOfDoubt = 3
    /// Suspects that are remembered at most.
    private static let memory = 1_000
    private static let firstWait = Duration.seconds(5)
    private static let firstHold = Duration.seconds(1)
    private static let longestHold = Duration.seconds(60)

    /// Acceptances and refusals, which only a provider that works gives.
    private var answers = 0
    private var suspects: [String: Suspect] = [:]
    private var nextHold = firstHold

    var suspectCount: Int { suspects.count }

    /// The provider has answered for this notification as one does that works.
    mutating func noteAnswer(for id: String) {
        answers += 1
        suspects[id] = nil
        nextHold = Self.firstHold
    }

    /// The provider can be reached, and has failed with this notification.
    ///
    /// - Parameter isTrueToItsProbe: it has let us in again right after, on the way that notifications take.
    mutating func judge(_ id: String, isTrueToItsProbe: Bool) -> Verdict {
        var suspect = suspects[id] ?? Suspect()
        let othersSucceeded = suspect.failures > 0 && suspect.answers < answers
        suspect.failures += 1
        suspect.answers = answers
        if suspects.count >= Self.memory, suspects[id] == nil { suspects = [:] }
        suspects[id] = suspect
        if othersSucceeded { return .notification }
        let inARow = suspects.values.count { $0.answers == answers }
        if inARow >= (isTrueToItsProbe ? Self.outageInSpiteOfWelcome : Self.outage) { return .provider }
        if isTrueToItsProbe || suspect.failures > Self.benefitsOfDoubt { return .notification }
        return .unclear(wait: Self.firstWait * (1 << (suspect.failures - 1)))
    }

    /// How long to leave a provider alone, from now on, that fails with everything although it can be reached: from a
    /// second, doubled up to a minute.
    mutating func hold() -> Duration {
        defer { nextHold = min(nextHold * 2, Self.longestHold) }
        return nextHold
    }
}
