/// What a row has to do with: the action that it began or ended.
package struct AuditAction: Sendable, Hashable {
    package var name: String?
    /// `started` while it has no end.
    package var status: String
    /// Microseconds since 1970.
    package var startedAt: Int64
    package var finishedAt: Int64?
    package var started: AuditEntry.ID
    package var finished: AuditEntry.ID?

    package var milliseconds: Int64? { finishedAt.map { ($0 - startedAt) / 1_000 } }
}
