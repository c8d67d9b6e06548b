/// What is known of a message that was running when its process died.
struct CrashSuspicion: Sendable, Hashable {
    /// The largest batch it may run in; halved by every crash, 1 for single messages.
    var largestBatch: Int
    /// Crashes (a fatal signal) that happened while it ran among late companions.
    var accompaniedCrashes: Int
    /// Deaths without a signal that happened while it ran alone.
    var deathsWithoutSignal: Int
    /// Whether it is to be dead-lettered without running again.
    var isPoison: Bool

    /// A message that only ran together with others, so far.
    static let fresh = CrashSuspicion(largestBatch: 1, accompaniedCrashes: 0, deathsWithoutSignal: 0, isPoison: false)

    /// Deaths without a signal that a message may survive: when an operator kills a process, no message is the cause.
    static let deathsWithoutSignalAllowed = 2
    static let accompaniedCrashesAllowed = 1

    /// Assesses what a dead process was running, with what was known of it before.
    ///
    /// A message is a poison message when it was alone at a fatal signal; never because it ran beside another.
    static func assess(
        _ previousRun: RunningJournal.PreviousRun,
        earlier: [MessageIdentity: CrashSuspicion]
    ) -> [MessageIdentity: CrashSuspicion] {
        var suspicions = earlier
        for entry in previousRun.running {
            var suspicion = earlier[entry.identity] ?? .fresh
            suspicion.largestBatch = max(entry.batchSize / 2, 1)
            switch (entry.mode, previousRun.signal) {
            case (.alone, .some):
                if entry.batchSize == 1 { suspicion.isPoison = true }
            case (.accompanied, .some):
                suspicion.accompaniedCrashes += 1
                if suspicion.accompaniedCrashes > accompaniedCrashesAllowed { suspicion.isPoison = true }
            case (.alone, nil):
                if entry.batchSize == 1 { suspicion.deathsWithoutSignal += 1 }
                if suspicion.deathsWithoutSignal > deathsWithoutSignalAllowed { suspicion.isPoison = true }
            case (.accompanied, nil), (.together, _), (.free, _):
                break
            }
            suspicions[entry.identity] = suspicion
        }
        return suspicions
    }
}

extension CrashSuspicion {
    /// One line of text: `largestBatch accompaniedCrashes deathsWithoutSignal condemned`.
    var text: String { "\(largestBatch) \(accompaniedCrashes) \(deathsWithoutSignal) \(isPoison ? 1 : 0)" }

    init?(text: some StringProtocol) {
        let fields = text.split(separator: " ").compactMap { Int($0) }
        guard fields.count == 4, fields[0] >= 1 else { return nil }
        self.init(
            largestBatch: fields[0],
            accompaniedCrashes: fields[1],
            deathsWithoutSignal: fields[2],
            isPoison: fields[3] == 1
        )
    }
}
