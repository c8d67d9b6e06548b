import FlotillaPlatform
import FlotillaStorage
package import FlotillaModels
import FlotillaTelemetry
package import Workers

/// Files every event that it is given as a row of `audit_logs`, linked into the hash chain of a lane.
///
/// What is personal is sealed before. A batch takes two round trips: one records the messages as handled and locks a
/// lane that no other batch holds, the other inserts the rows, moves the lane's head and commits.
package struct AuditWorker: BatchWorker {
    package static let name = "audit"

    private let privacy: AuditPrivacy
    private let seal: ReceivedSeal
    private let partitions = PartitionCache()

    package init(privacy: AuditPrivacy) {
        self.privacy = privacy
        seal = ReceivedSeal(privacy.masters)
    }

    package func handle(_ items: [BatchItem<RawJSON>], in context: BatchContext) async throws -> [Outcome] {
        for item in items { try item.checkStorable() }
        let plain = items.map { AuditRecord($0, by: seal) }
        let steps = plain.map { ActionStep($0) }
        let records: [AuditRecord]
        do {
            records = try await privacy.seal(plain)
        } catch let error as MasterKeyError where error.code != .wrongKey {
            // Neither stored in the open nor given up: they wait until somebody gives the key.
            context.log.error("audit messages wait for a master key", ["problem": .string(error.detail)])
            return Array(repeating: .snooze(.seconds(30)), count: items.count)
        }
        var madeMonth: CalendarMonth?
        do {
            try await context.transaction(first: [AuditStatements.freeLane]) { transaction in
                let fresh = records.indices.filter { transaction.isFresh[$0] }
                guard !fresh.isEmpty else { return }
                let head = try await lane(transaction)
                let month = CalendarMonth(containing: head.recordedAt)
                if !partitions.contains(month) {
                    try await transaction.execute(AuditStatements.ensureMonth(of: head.recordedAt))
                    madeMonth = month
                }
                var batch = AuditBatch(after: head, capacity: fresh.count)
                for index in fresh { batch.append(records[index], step: steps[index]) }
                transaction.finish(with: batch.statements())
            }
        } catch {
            // It may have failed because a month that was known has been taken away.
            partitions.removeAll()
            throw error
        }
        if let madeMonth { partitions.add(madeMonth) }
        return Array(repeating: .done, count: items.count)
    }

    /// The lane that was free, or, when all are busy, one that is waited for.
    private func lane(_ transaction: BatchTransaction) async throws -> AuditLaneHead {
        if let row = transaction.firstResults[0].first, let head = AuditLaneHead(row) { return head }
        let result = try await transaction.execute(AuditStatements.busyLane)
        guard let row = result.first, let head = AuditLaneHead(row) else {
            throw AuditError(
                code: .noLane,
                operation: "take a lane",
                detail: "audit_lanes is empty: run flotilla migrate",
                isRetriable: true
            )
        }
        return head
    }
}
