/// Walks along one lane and compares each row with what has to follow the one before.
///
/// After a fault it goes on from the row as it stands, so that one fault is not told again for every row behind it.
package struct AuditChain: ~Copyable {
    private let lane: Int64
    private var hasher = AuditHasher()
    /// The last sequence number seen.
    package private(set) var sequence: Int64
    private var hash: [UInt8]
    private var time: Int64?
    private var signed: CheckpointHeads

    /// - Parameters:
    ///   - sequence: the last sequence number before the rows to come: 0 for a lane that is whole.
    ///   - hash: the hash that the first row has to follow.
    ///   - signed: what checkpoints say of rows of the lane.
    package init(
        lane: Int64,
        sequence: Int64 = 0,
        hash: [UInt8] = AuditHasher.genesis,
        signed: CheckpointHeads = CheckpointHeads()
    ) {
        self.lane = lane
        self.sequence = sequence
        self.hash = hash
        self.signed = signed
    }

    /// Takes the next row in the order of sequence numbers; returns what is wrong with it.
    package mutating func advance(to row: AuditRow) -> [AuditFault] {
        let number = row.record.sequence
        guard number > sequence else { return [fault(.inserted, row)] }
        var faults: [AuditFault] = []
        let isGap = number > sequence + 1
        if isGap {
            let count = number - sequence - 1
            faults.append(AuditFault(.deleted, lane: lane, sequence: sequence + 1, count: count, time: time))
        }
        let isLinked = isGap || row.previousHash == hash
        let isIntact =
            isKnown(row) && hasher.hash(row.record, after: row.previousHash, version: row.hashVersion) == row.hash
        if !isLinked {
            faults.append(fault(.reordered, row))
        } else if !isIntact {
            faults.append(fault(.edited, row))
        }
        if !signed.agree(number, row.hash) { faults.append(fault(.rewritten, row)) }
        sequence = number
        time = row.record.recordedAt
        hash = row.hash
        return faults
    }

    /// Nothing that the hash of the row's version does not cover may be said beside it.
    private func isKnown(_ row: AuditRow) -> Bool {
        row.hashVersion == AuditHasher.version
            || row.hashVersion == AuditHasher.firstVersion && row.record.receipt.isEmpty
    }

    /// Compares the end of the walk with the lane's head.
    package func finish(headSequence: Int64, headHash: [UInt8]) -> [AuditFault] {
        let end = max(headSequence, signed.last)
        if sequence < end {
            return [AuditFault(.truncated, lane: lane, sequence: sequence + 1, count: end - sequence, time: time)]
        }
        return hash == headHash ? [] : [AuditFault(.headChanged, lane: lane, sequence: headSequence, time: time)]
    }

    private func fault(_ kind: AuditFault.Kind, _ row: AuditRow) -> AuditFault {
        AuditFault(
            kind,
            lane: lane,
            sequence: row.record.sequence,
            messageID: row.record.messageID,
            time: row.record.recordedAt
        )
    }
}
