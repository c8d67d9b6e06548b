package import FlotillaModels
import FlotillaPlatform

/// Stores jobs with all their rules inside a transaction that somebody else commits.
///
/// A job that can't be stored is refused, and the others are stored all the same.
package struct JobInsertion {
    package typealias Execute = ([SQLStatement]) async throws -> [SQLResult]

    /// What is left to do in the round trip of the commit.
    package struct Plan: Sendable {
        /// One for each job, in order.
        package var outcomes: [EnqueueOutcome]
        package var last: [SQLStatement]
    }

    private let routing: JobRouting
    private let execute: Execute
    private var outcomes: [String: EnqueueOutcome] = [:]
    /// Jobs of this insertion that a later one of it has replaced.
    private var replaced: Set<String> = []

    /// - Parameters:
    ///   - routing: where the messages go.
    ///   - execute: runs statements in the transaction.
    package init(routing: JobRouting, execute: @escaping Execute) {
        self.routing = routing
        self.execute = execute
    }

    /// - Throws: what `execute` throws; the transaction has to be rolled back then.
    package static func plan(_ jobs: [NewJob], routing: JobRouting, execute: @escaping Execute) async throws -> Plan {
        let entries = jobs.map {
            JobEntry($0, id: UUIDv7.make(), now: WallClock.microseconds(), fields: routing.fields[$0.type])
        }
        var insertion = JobInsertion(routing: routing, execute: execute)
        return try await insertion.plan(entries)
    }

    /// The job and its message, for stores without Postgres: no rule but the message's is kept.
    package static func unstored(_ job: NewJob, routing: JobRouting) -> (job: Job, message: OutgoingMessage) {
        let entry = JobEntry(job, id: UUIDv7.make(), now: WallClock.microseconds())
        return (entry.job, entry.message(routing))
    }

    mutating func plan(_ entries: [JobEntry]) async throws -> Plan {
        let keyed = try await claimed(entries)
        let allowed = try await checked(keyed)
        let stored = try await insert(allowed).filter { !replaced.contains($0.id) }
        var last: [SQLStatement] = []
        let ready = stored.filter { !$0.isHeld }
        if !ready.isEmpty {
            last.append(
                Outbox.insert(
                    ready.map { $0.message(routing) },
                    notBefore: ready.map(\.new.scheduledAt)
                )
            )
        }
        let held = stored.filter(\.isHeld)
        if !held.isEmpty {
            last.append(HeldMessages.insert(held, routing))
            if held.contains(where: { !$0.new.after.isEmpty }) { last += JobDependencies.insert(held) }
            last.append(JobDependencies.notify)
        }
        last += corrections(of: entries)
        return Plan(
            outcomes: try entries.map { entry in
                guard let outcome = outcomes[entry.id] else {
                    throw PostgresError.violation("enqueue", "a job has no outcome")
                }
                return outcome
            },
            last: last
        )
    }

    /// Those without an idempotency key, and those whose key was free.
    private mutating func claimed(_ entries: [JobEntry]) async throws -> [JobEntry] {
        let claims = entries.compactMap { entry in
            entry.new.idempotencyKey.map { IdempotencyKeys.Claim(key: $0, resource: entry.id) }
        }
        guard !claims.isEmpty else { return entries }
        let results = try await execute([IdempotencyKeys.limit, IdempotencyKeys.claim(claims)])
        let claimed = Set(results[1].compactMap { $0.text(0) })
        let known = entries.filter { $0.new.idempotencyKey != nil && !claimed.contains($0.id) }
        guard !known.isEmpty else { return entries }
        let holders = try await execute([JobHolder.find(known.compactMap(\.new.idempotencyKey))])[0].map(JobHolder.init)
        for entry in known {
            guard let key = entry.new.idempotencyKey, let holder = holders.first(where: { $0.holds(key) }) else {
                throw PostgresError.violation("enqueue", "an idempotency key disappeared while it was being found")
            }
            if let job = holder.job, holder.fingerprint == nil || holder.fingerprint == key.fingerprint {
                outcomes[entry.id] = .existing(job)
            } else {
                outcomes[entry.id] = .conflict(resource: holder.resource)
            }
        }
        return entries.filter { outcomes[$0.id] == nil }
    }

    /// Those whose batches and predecessors are there, and lead to no cycle.
    private mutating func checked(_ entries: [JobEntry]) async throws -> [JobEntry] {
        let concerned = entries.filter { $0.new.batch != nil || !$0.new.after.isEmpty }
        guard !concerned.isEmpty else { return entries }
        let predecessors = Set(concerned.flatMap(\.new.after))
        let batches = Set(concerned.compactMap(\.new.batch))
        let parents = Set(concerned.compactMap(\.new.parent))
        let results = try await execute(
            JobDependencies.mark(predecessors) + [JobBatches.lock(batches, addedBy: parents)]
        )
        let known = Set(results[0].compactMap { $0.text(0) } + results[1].compactMap { $0.text(0) })
        let found = results[2].reduce(into: [:]) { found, row in
            found[row.text(0) ?? ""] = (isOpen: row.bool(1) ?? false, createdBy: row.text(2))
        }
        for entry in concerned {
            if let unknown = entry.new.after.first(where: { !known.contains($0) }) {
                outcomes[entry.id] = .refused(.unknownPredecessor(unknown))
                continue
            }
            guard let batch = entry.new.batch else { continue }
            // Another caller's is as unknown as one that there is not.
            guard let known = found[batch], entry.new.parent != nil || known.createdBy == entry.new.createdBy else {
                outcomes[entry.id] = .refused(.unknownBatch(batch))
                continue
            }
            guard known.isOpen else {
                outcomes[entry.id] = .refused(.closedBatch(batch))
                continue
            }
            guard !entry.new.after.isEmpty else { continue }
            let cycle = try await execute([JobDependencies.path(from: entry.new.after, to: batch)])[0]
            if !cycle.isEmpty { outcomes[entry.id] = .refused(.cycle(batch)) }
        }
        return entries.filter { outcomes[$0.id] == nil }
    }

    /// Those that were stored.
    private mutating func insert(_ entries: [JobEntry]) async throws -> [JobEntry] {
        var left = entries
        var stored: [JobEntry] = []
        var tries = 0
        while !left.isEmpty {
            guard tries < entries.count + 8 else {
                throw PostgresError.unavailable("enqueue", "a unique key changes hands all the time")
            }
            tries += 1
            let isPlain = !left.contains(where: \.hasRules)
            let keys = left.compactMap(\.uniqueKey)
            let free = keys.isEmpty ? [] : [UniqueKeys.freeExpired(keys)]
            let inserted = try await execute(free + [JobEntry.insert(left)])[free.count]
            let ids = isPlain ? Set(left.map(\.id)) : Set(inserted.compactMap { $0.text(0) })
            for entry in left where ids.contains(entry.id) {
                stored.append(entry)
                if case .replaced(_, let former) = outcomes[entry.id] {
                    outcomes[entry.id] = .replaced(entry.job, former: former)
                } else {
                    outcomes[entry.id] = .created(entry.job)
                }
            }
            left = try await resolved(left.filter { !ids.contains($0.id) })
        }
        return stored
    }

    /// Decides about those that were left out; gives those to be tried again.
    private mutating func resolved(_ entries: [JobEntry]) async throws -> [JobEntry] {
        guard !entries.isEmpty else { return [] }
        let holders = try await execute([UniqueKeys.holders(of: entries)])[0].map(UniqueKeys.Holder.init)
        var again: [JobEntry] = []
        for entry in entries {
            guard let holder = holders.first(where: { $0.holds(entry) }), !replaced.contains(holder.job.id) else {
                again.append(entry)
                continue
            }
            switch holder.isSameRun(as: entry) ? .return : entry.new.unique?.onConflict ?? .return {
            case .return: outcomes[entry.id] = .duplicate(holder.job)
            case .reject: outcomes[entry.id] = .refused(.uniqueKeyHeld(by: holder.job.id))
            case .replace:
                if try await !execute(UniqueKeys.replace(holder.job.id, by: entry.id))[0].isEmpty {
                    outcomes[entry.id] = .replaced(entry.job, former: holder.job.id)
                    replaced.insert(holder.job.id)
                    again.append(entry)
                } else {
                    outcomes[entry.id] = .refused(.uniqueKeyHeld(by: holder.job.id))
                }
            }
        }
        return again
    }

    /// An idempotency key belongs to the job that a unique key has led to; that of a refused job is free again.
    private func corrections(of entries: [JobEntry]) -> [SQLStatement] {
        var statements: [SQLStatement] = []
        for entry in entries {
            guard let key = entry.new.idempotencyKey, let outcome = outcomes[entry.id] else { continue }
            switch outcome {
            case .duplicate(let job): statements.append(IdempotencyKeys.move(key, to: job.id))
            case .refused: statements.append(IdempotencyKeys.release(key))
            case .created, .replaced, .existing, .conflict: break
            }
        }
        return statements
    }
}
