package import FlotillaStorage

/// Appends rows to the audit log from elsewhere than the worker, in a transaction that somebody else commits.
package enum AuditAppend {
    /// - Parameter records: without anything personal; their places in the chain are given to them here.
    package static func append(_ records: [AuditRecord], in transaction: PostgresTransaction) async throws {
        var found = try await transaction.query(AuditStatements.freeLane).first
        if found == nil { found = try await transaction.query(AuditStatements.busyLane).first }
        guard let head = found.flatMap(AuditLaneHead.init) else {
            throw AuditError(
                code: .noLane,
                operation: "take a lane",
                detail: "audit_lanes is empty: run flotilla migrate",
                isRetriable: true
            )
        }
        var batch = AuditBatch(after: head, capacity: records.count)
        for record in records { batch.append(record, step: ActionStep(record)) }
        _ = try await transaction.pipeline([AuditStatements.ensureMonth(of: head.recordedAt)] + batch.statements())
    }
}
