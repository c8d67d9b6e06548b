/// A place where the audit log is not what was written.
package struct AuditFault: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A row's contents do not give its hash.
        case edited
        /// Rows are missing before this sequence number.
        case deleted
        /// A row is not linked to the one before it: rows have changed places, or one was replaced with a new hash.
        case reordered
        /// A row that the lane never wrote: a sequence number twice, or one past the lane's head.
        case inserted
        /// The last rows of the lane are missing, from this sequence number on.
        case truncated
        /// The lane's head has another hash than its last row.
        case headChanged = "head_changed"
        /// Rows of a lane that `audit_lanes` does not have.
        case unknownLane = "unknown_lane"
    }

    package let kind: Kind
    package let lane: Int64
    package let sequence: Int64
    /// How many rows are concerned.
    package let count: Int64
    /// The row's message id, where there is a row.
    package let messageID: String?

    package init(_ kind: Kind, lane: Int64, sequence: Int64, count: Int64 = 1, messageID: String? = nil) {
        self.kind = kind
        self.lane = lane
        self.sequence = sequence
        self.count = count
        self.messageID = messageID
    }
}
