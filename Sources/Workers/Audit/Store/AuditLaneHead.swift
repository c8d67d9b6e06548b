import FlotillaStorage

/// The end of a lane's chain, from which the next row goes on.
struct AuditLaneHead: Sendable {
    let lane: Int64
    let sequence: Int64
    let hash: [UInt8]
    /// The server's time, never before that of the lane's last row, so that whole months are whole stretches of a chain.
    let recordedAt: Int64

    init?(_ row: SQLRow) {
        guard let lane = row.int(0), let sequence = row.int(1), let hash = row.bytes(2),
            let recordedAt = row.timestamp(3)
        else { return nil }
        self.lane = lane
        self.sequence = sequence
        self.hash = hash
        self.recordedAt = recordedAt
    }
}
