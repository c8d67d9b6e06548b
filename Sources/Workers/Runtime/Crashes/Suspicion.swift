/// What is held against a message that was running when its process died.
struct Suspicion: Sendable, Hashable {
    /// The largest batch it may run in; halved by every crash, 1 for single messages.
    var largestBatch: Int
    /// Crashes (a fatal signal) that happened while it ran among late companions.
    var strikes: Int
    /// Deaths without a signal that happened while it ran alone.
    var silentDeaths: Int
    /// Whether it is to be dead-lettered without running again.
    var isCondemned: Bool

    /// A message that only ran together with others, so far.
    static let fresh = Suspicion(largestBatch: 1, strikes: 0, silentDeaths: 0, isCondemned: false)

    /// Deaths without a signal that an innocent message must survive: being killed by an operator blames nobody.
    static let silentDeathsAllowed = 2
    static let strikesAllowed = 1

    /// Judges what a dead process was running, in the light of what was held against it before.
    ///
    /// A message is condemned when it was alone at a fatal signal; never for having been a neighbour.
    static func judge(
        _ remains: RunningJournal.Remains,
        earlier: [MessageIdentity: Suspicion]
    ) -> [MessageIdentity: Suspicion] {
        var suspicions = earlier
        for entry in remains.running {
            var suspicion = earlier[entry.identity] ?? .fresh
            suspicion.largestBatch = max(entry.batchSize / 2, 1)
            switch (entry.mode, remains.signal) {
            case (.alone, .some):
                if entry.batchSize == 1 { suspicion.isCondemned = true }
            case (.accompanied, .some):
                suspicion.strikes += 1
                if suspicion.strikes > strikesAllowed { suspicion.isCondemned = true }
            case (.alone, nil):
                if entry.batchSize == 1 { suspicion.silentDeaths += 1 }
                if suspicion.silentDeaths > silentDeathsAllowed { suspicion.isCondemned = true }
            case (.accompanied, nil), (.together, _), (.free, _):
                break
            }
            suspicions[entry.identity] = suspicion
        }
        return suspicions
    }
}

extension Suspicion {
    /// One line of text: `largestBatch strikes silentDeaths condemned`.
    var text: String { "\(largestBatch) \(strikes) \(silentDeaths) \(isCondemned ? 1 : 0)" }

    init?(text: some StringProtocol) {
        let fields = text.split(separator: " ").compactMap { Int($0) }
        guard fields.count == 4, fields[0] >= 1 else { return nil }
        self.init(
            largestBatch: fields[0],
            strikes: fields[1],
            silentDeaths: fields[2],
            isCondemned: fields[3] == 1
        )
    }
}
