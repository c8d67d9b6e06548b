package import FlotillaStorage

extension DeadLetterStore {
    /// What a bulk action came to.
    package struct ActionOutcome: Sendable, Hashable {
        package var operationID: String
        /// How many the filter meant when the action began.
        package var matched: Int
        package var changed: Int
    }

    /// How many go back in one transaction; their bodies are in memory meanwhile.
    static let requeueStep = 50

    /// Sends dead letters back to the queues where they died, the oldest first.
    ///
    /// Each goes in one transaction with its message in the outbox, and with the row that says who did it: none can be
    /// lost or go twice, whatever is interrupted. What dies again during the action is not sent back again, and neither is a
    /// job whose unique key another job holds by now.
    ///
    /// - Parameters:
    ///   - filter: its state is taken to be dead.
    ///   - limit: how many at the most.
    ///   - record: executed with the first step.
    ///   - progress: told after each step how many have gone back so far.
    package func requeue(
        _ filter: DeadLetterFilter,
        limit: Int = .max,
        as action: OperatorAction,
        record: [SQLStatement] = [],
        progress: (ActionOutcome) -> Void = { _ in }
    ) async throws -> ActionOutcome {
        var filter = filter
        filter.state = .dead
        filter.isWithoutUniqueConflicts = true
        let (matched, highest) = try await count(filter)
        filter.upTo = min(filter.upTo ?? highest, highest)
        var outcome = ActionOutcome(operationID: action.id, matched: matched, changed: 0)
        let wanted = min(matched, limit)
        var longestStep = Self.requeueStep
        while outcome.changed < wanted {
            let step = min(longestStep, wanted - outcome.changed)
            let changed = try await retrying(unless: step == 1) {
                longestStep = 1
            } body: { transaction in
                let deadLetters = try await take(filter, step, in: transaction)
                // A step that is not filled is the last: the rest is gone, or another action has it.
                let isLast = deadLetters.count < step || outcome.changed + deadLetters.count >= wanted
                var statements = [
                    action.record(filter, matched: matched, changed: deadLetters.count, isLast: isLast)
                ]
                if !deadLetters.isEmpty {
                    if outcome.changed == 0 { statements += record }
                    let messages = deadLetters.map { $0.deadLetter.replay(of: $0.filing.id, operationID: action.id) }
                    statements.append(Outbox.insert(messages))
                    let jobs = deadLetters.compactMap(\.deadLetter.jobID)
                    if !jobs.isEmpty { statements.append(Jobs.requeued(jobs)) }
                }
                try await transaction.commit(after: statements)
                return deadLetters.count
            }
            guard let changed else { continue }
            outcome.changed += changed
            progress(outcome)
            if changed < step { break }
        }
        return outcome
    }

    /// Runs a step in a transaction; `nil` when two of its jobs want the same unique key, which steps of one job settle.
    private func retrying(
        unless isLast: Bool,
        _ conflict: () -> Void,
        body: (PostgresTransaction) async throws -> Int
    ) async throws -> Int? {
        do {
            return try await pool.transaction(body)
        } catch let error as PostgresError where error.code == .sqlState("23505") && !isLast {
            conflict()
            return nil
        }
    }

    /// Sends the dead letter of a job back; `false` when there is none that is dead.
    ///
    /// - Parameters:
    ///   - id: the job's.
    ///   - record: executed in the same transaction, if it is sent back.
    package func retry(job id: String, as action: OperatorAction, record: [SQLStatement]) async throws -> Bool {
        var filter = DeadLetterFilter()
        filter.job = id
        guard try await count(filter).count > 0 else { return false }
        return try await requeue(filter, limit: 1, as: action, record: record).changed == 1
    }

    private func take(
        _ filter: DeadLetterFilter,
        _ count: Int,
        in transaction: PostgresTransaction
    ) async throws -> [StoredDeadLetter] {
        var values: [SQLValue] = []
        let condition = filter.condition(&values)
        values.append(.int(Int64(count)))
        let rows = try await transaction.query(
            SQLStatement(
                """
                UPDATE dead_letters SET state = 'requeued', changed_at = now() WHERE id = ANY (ARRAY(
                    SELECT id FROM dead_letters WHERE \(condition) ORDER BY id LIMIT $\(values.count)
                    FOR UPDATE SKIP LOCKED))
                RETURNING \(Self.columns)
                """,
                values
            )
        )
        return try rows.map { try StoredDeadLetter($0) }.sorted { $0.filing.id < $1.filing.id }
    }
}
