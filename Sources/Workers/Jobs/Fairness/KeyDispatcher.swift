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
            let capacity = 2 * slots - Int(counted?.int(0) ?? 0)
            var outcome = Outcome()
            guard capacity > 0 else { return outcome }
            let keys = try await ring(of: type, after: start, capacity, limits, now: now, in: transaction)
            let choice = KeyTurns(keys: keys, limits: limits, now: now).choose(capacity)
            var statements: [SQLStatement] = []
            if !choice.jobs.isEmpty {
                outcome.dispatched = try await transaction.query(HeldMessages.release(choice.jobs)).count
            }
            outcome.next = choice.nextAt.map { .microseconds(max($0 - now, 0)) }
            statements += try await enforce(limits, choice.full, type, in: transaction)
            if let last = choice.lastKey { statements.append(KeyedJobs.note(last, type)) }
            try await transaction.commit(after: statements)
            return outcome
        }
    }

    /// Keys in the order of their turns: as many as can fill the capacity, or all. Those at their limits are passed over.
    private func ring(
        of type: String,
        after start: String,
        _ capacity: Int,
        _ limits: JobLimits?,
        now: Int64,
        in transaction: PostgresTransaction
    ) async throws -> [KeyTurns.Key] {
        var found: [KeyTurns.Key] = []
        var cursor = start
        var hasWrapped = start.isEmpty
        while true {
            let rows = try await transaction.query(
                KeyedJobs.keys(of: type, after: cursor, limit: Self.page, depth: capacity, limits?.rate)
            )
            let page = rows.map(KeyTurns.Key.init)
            // The second time around ends with the key at which the first has begun.
            let isBeyond = { (key: String) in
                hasWrapped && !start.isEmpty && start.utf8.lexicographicallyPrecedes(key.utf8)
            }
            found += page.filter { !isBeyond($0.key) }
            let ready = KeyTurns(keys: found, limits: limits, now: now).choose(capacity).keysServed
            if ready >= capacity { return found }
            if page.count == Self.page, let last = page.last?.key, !isBeyond(last) {
                cursor = last
            } else if hasWrapped {
                return found
            } else {
                (hasWrapped, cursor) = (true, "")
            }
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
