import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import Synchronization

/// Hands jobs with keys to their queues, which are kept short: twice as many as run at a time, so that a key's turn comes soon
/// however many jobs others have.
final class KeyDispatcher: Sendable {
    /// What one look came to.
    struct Outcome: Sendable, Hashable {
        var dispatched = 0
        /// How long until a rate allows the next start; `nil` when none keeps a job back.
        var next: Duration?
    }

    /// How many keys are looked at in one statement.
    private static let page = 200
    /// How long the number of a queue's consumers is believed.
    private static let trust = Duration.seconds(2)

    private let pool: PostgresPool
    private let broker: any Broker
    private let topology: Topology
    private let slots = Mutex<[String: (count: Int, at: ContinuousClock.Instant)]>([:])

    init(_ pool: PostgresPool, _ broker: any Broker, _ topology: Topology) {
        self.pool = pool
        self.broker = broker
        self.topology = topology
    }

    func dispatch() async throws -> Outcome {
        var outcome = Outcome()
        for row in try await pool.query(KeyedJobs.waitingTypes) {
            guard let type = row.text(0) else { continue }
            let one = try await dispatch(type)
            outcome.dispatched += one.dispatched
            if let next = one.next { outcome.next = min(outcome.next ?? next, next) }
        }
        return outcome
    }

    private func dispatch(_ type: String) async throws -> Outcome {
        let slots = await slots(of: type)
        let limits = topology.limits[type]
        _ = try await pool.query(KeyedJobs.prepare(type))
        return try await pool.transaction { transaction in
            guard let start = try await transaction.query(KeyedJobs.lock(type)).first?.text(0) else { return Outcome() }
            let counted = try await transaction.query(KeyedJobs.underWay(type)).first
            let now = counted?.int(1) ?? 0
            var capacity = 2 * slots - Int(counted?.int(0) ?? 0)
            var outcome = Outcome()
            var last = start
            var hasWrapped = start.isEmpty
            var cursor = start
            var statements: [SQLStatement] = []
            // Around once at most: keys at their limits are passed over.
            while capacity > 0 {
                let rows = try await transaction.query(
                    KeyedJobs.keys(of: type, after: cursor, limit: Self.page, depth: capacity, limits?.rate)
                )
                var keys = rows.map(KeyTurns.Key.init)
                if hasWrapped, !start.isEmpty {
                    keys = keys.filter { !start.utf8.lexicographicallyPrecedes($0.key.utf8) }
                }
                let choice = KeyTurns(keys: keys, limits: limits, now: now).choose(capacity)
                if !choice.jobs.isEmpty {
                    let released = try await transaction.query(HeldMessages.release(choice.jobs)).count
                    outcome.dispatched += released
                    capacity -= choice.jobs.count
                }
                last = choice.lastKey ?? last
                if let at = choice.nextAt {
                    let next = Duration.microseconds(max(at - now, 0))
                    outcome.next = min(outcome.next ?? next, next)
                }
                statements += try await enforce(limits, choice.full, type, in: transaction)
                if rows.count == Self.page, let end = rows.last.flatMap({ $0.text(0) }),
                    !hasWrapped || start.isEmpty || !start.utf8.lexicographicallyPrecedes(end.utf8)
                {
                    cursor = end
                } else if hasWrapped {
                    break
                } else {
                    (hasWrapped, cursor) = (true, "")
                }
            }
            if last != start { statements.append(KeyedJobs.note(last, type)) }
            try await transaction.commit(after: statements)
            return outcome
        }
    }

    /// Cancels what the type's strategy says of keys that have as many jobs under way as they may.
    private func enforce(
        _ limits: JobLimits?,
        _ full: [KeyTurns.Key],
        _ type: String,
        in transaction: PostgresTransaction
    ) async throws -> [SQLStatement] {
        guard let limits, limits.strategy != .queue, !full.isEmpty else { return [] }
        var ids: [String] = []
        for key in full {
            switch limits.strategy {
            case .queue: break
            case .cancelNewest: ids += key.waiting
            case .cancelInProgress:
                let held = try await transaction.query(KeyedJobs.held(type, key.key, limit: key.waiting.count))
                ids += held.compactMap { $0.text(0) }
            }
        }
        guard !ids.isEmpty else { return [] }
        let reason =
            limits.strategy == .cancelNewest ? "its key is at its limit" : "a newer job of its key takes its place"
        return [
            Jobs.cancel(ids, because: reason, within: Jobs.cancelLimit), Outbox.takeBack(jobs: ids),
        ]
    }

    /// How many jobs of the type run at a time in all processes; in one while the broker can't be asked.
    private func slots(of type: String) async -> Int {
        guard let queue = topology.queue(ofJobType: type) else { return 1 }
        let known = slots.withLock { $0[type] }
        if let known, .now - known.at < Self.trust { return known.count }
        let consumers = (try? await broker.depth(of: queue.name))?.consumers ?? 1
        let count = queue.concurrency * max(consumers, 1)
        slots.withLock { $0[type] = (count, .now) }
        return count
    }
}
