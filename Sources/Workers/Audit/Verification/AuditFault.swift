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
        /// The row is not the one that a checkpoint was signed for: it, or one before it, was computed anew.
        case rewritten
        /// The lane begins where no checkpoint says that it does.
        case baseMoved = "base_moved"
        /// The checkpoint of this number was not signed by us, or not as it stands.
        case checkpointForged = "checkpoint_forged"
        /// The checkpoint of this number is no longer in the table.
        case checkpointMissing = "checkpoint_missing"
    }

    package let kind: Kind
    /// 0 for checkpoints.
    package let lane: Int64
    /// A row's sequence number, or a checkpoint's number.
    package let sequence: Int64
    /// How many rows are concerned.
    package let count: Int64
    /// The row's message id, where there is a row.
    package let messageID: String?
    /// When the row, or for missing ones the row before them, was recorded; microseconds since 1970.
    package let time: Int64?

    package init(
        _ kind: Kind,
        lane: Int64,
        sequence: Int64,
        count: Int64 = 1,
        messageID: String? = nil,
        time: Int64? = nil
    ) {
        self.kind = kind
        self.lane = lane
        self.sequence = sequence
        self.count = count
        self.messageID = messageID
        self.time = time
    }

    static func checkpoint(_ kind: Kind, _ number: Int64, count: Int64 = 1, at time: Int64? = nil) -> Self {
        Self(kind, lane: 0, sequence: number, count: count, time: time)
    }

    /// Whether it is the same fault, whenever that was.
    package func isSame(as other: Self) -> Bool {
        kind == other.kind && lane == other.lane && sequence == other.sequence && count == other.count
            && messageID == other.messageID
    }
}
