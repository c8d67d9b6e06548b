package import FlotillaModels

/// A batch of jobs. Times are microseconds since 1970.
package struct JobBatch: Sendable, Hashable {
    /// A UUID of version 7.
    package let id: String
    package let name: String?
    package let createdBy: String?
    package let correlationID: String?
    package let createdAt: Int64
    /// Since then only members that run may add members.
    package let closedAt: Int64?
    /// When the first death of a member was noted.
    package let diedAt: Int64?
    /// When it was closed and all members had ended.
    package let completedAt: Int64?
    /// When it was complete, and all members had succeeded but for cancelled ones.
    package let succeededAt: Int64?
    /// How many members are in each state; empty where they were not counted.
    package let counts: [JobState: Int]

    static let columns =
        "id, name, created_by, correlation_id, created_at, closed_at, died_at, completed_at, succeeded_at"

    /// - Parameter row: begins with ``columns``.
    package init(_ row: SQLRow, counts: [JobState: Int]) {
        id = row.text(0) ?? ""
        name = row.text(1)
        createdBy = row.text(2)
        correlationID = row.text(3)
        createdAt = row.timestamp(4) ?? 0
        closedAt = row.timestamp(5)
        diedAt = row.timestamp(6)
        completedAt = row.timestamp(7)
        succeededAt = row.timestamp(8)
        self.counts = counts
    }

    /// How many members there are.
    package var total: Int { counts.values.reduce(0, +) }

    /// How many have ended.
    package var ended: Int { counts.reduce(0) { $0 + ($1.key.isFinal ? $1.value : 0) } }
}
