import FlotillaModels

/// Which waiting jobs are handed to their queue next: one of each key in turn, within the limits of each key.
///
/// That is deficit round robin with one job as the unit of work: however many jobs one key has, another waits for one job of
/// each key at most.
struct KeyTurns: Sendable, Hashable {
    /// The jobs of one key. Times are microseconds since 1970.
    struct Key: Sendable, Hashable {
        let key: String
        /// The first that wait, in their order.
        var waiting: [String]
        /// How many are under way.
        var held: Int
        /// When the last ones were handed on, the newest first; as many as the rate allows.
        var starts: [Int64] = []
    }

    /// In the order of their turns.
    let keys: [Key]
    let limits: JobLimits?
    /// Microseconds since 1970.
    let now: Int64

    struct Choice: Sendable, Hashable {
        /// In order.
        var jobs: [String] = []
        /// The key that had the last turn; `nil` when none had one.
        var lastKey: String?
        /// How many keys have had a turn.
        var keysServed = 0
        /// When a key may start its next job that its rate keeps back; `nil` when there is none.
        var nextAt: Int64?
        /// Keys with waiting jobs that have as many under way as they may.
        var full: [Key] = []
    }

    /// - Parameter capacity: how many at most.
    func choose(_ capacity: Int) -> Choice {
        var choice = Choice()
        var left = keys
        var round = left.indices.filter { !left[$0].waiting.isEmpty }
        while choice.jobs.count < capacity, !round.isEmpty {
            var next: [Int] = []
            for index in round {
                guard choice.jobs.count < capacity else { break }
                guard left[index].held < limits?.concurrency ?? .max else {
                    choice.full.append(left[index])
                    continue
                }
                if let at = nextStart(of: left[index]), at > now {
                    choice.nextAt = min(choice.nextAt ?? at, at)
                    continue
                }
                choice.jobs.append(left[index].waiting.removeFirst())
                choice.lastKey = left[index].key
                if left[index].waiting.count == keys[index].waiting.count - 1 { choice.keysServed += 1 }
                left[index].held += 1
                left[index].starts.insert(now, at: 0)
                if !left[index].waiting.isEmpty { next.append(index) }
            }
            round = next
        }
        return choice
    }

    /// When the rate allows the next start; `nil` for at once.
    private func nextStart(of key: Key) -> Int64? {
        guard let rate = limits?.rate, key.starts.count >= rate.count else { return nil }
        return key.starts[rate.count - 1] + Int64(rate.window / .microseconds(1))
    }
}
