import FlotillaPlatform

/// Checks the checkpoints themselves: signatures, numbers, the link from each to the one before, and that the table has
/// whatever the file has.
struct CheckpointReview {
    private struct Base: Hashable {
        let lane: Int64
        let sequence: Int64
        let hash: [UInt8]
    }

    private let keys: [VerificationKey]
    private let chain: String
    private(set) var faults: [AuditFault] = []
    private(set) var count = 0
    /// The highest that is genuine.
    private(set) var newest: AuditCheckpoint?
    private(set) var newestDigest: [UInt8] = []
    /// The one that the bookmark names.
    private(set) var bookmarked: AuditCheckpoint?
    private let bookmark: VerificationBookmark?
    private var bases: Set<Base> = []
    /// Digests of the table's statements by number.
    private var table: [Int64: [UInt8]] = [:]
    private var heads: [Int64: CheckpointHeads] = [:]
    private var last: (number: Int64, digest: [UInt8]) = (0, AuditHasher.genesis)

    init(chain: String, keys: [VerificationKey], bookmark: VerificationBookmark?) {
        self.chain = chain
        self.keys = keys
        self.bookmark = bookmark?.chain == chain ? bookmark : nil
    }

    /// Takes the table's next checkpoint.
    mutating func take(row number: Int64, _ signed: SignedCheckpoint) {
        count += 1
        if number > last.number + 1 {
            faults.append(.checkpoint(.checkpointMissing, last.number + 1, count: number - last.number - 1))
        }
        let digest = signed.digest
        table[number] = digest
        let isLinked = number > last.number + 1
        let previous = last.digest
        last = (number, digest)
        guard let checkpoint = genuine(signed, number), isLinked || checkpoint.previous == previous else {
            faults.append(.checkpoint(.checkpointForged, number))
            return
        }
        accept(checkpoint, digest)
    }

    /// Takes a checkpoint of the file; the table has been taken before.
    mutating func take(copy signed: SignedCheckpoint) {
        guard let checkpoint = genuine(signed, nil) else {
            if AuditCheckpoint(statement: signed.statement)?.chain ?? chain == chain {
                let number = AuditCheckpoint(statement: signed.statement)?.number ?? 0
                faults.append(.checkpoint(.checkpointForged, number))
            }
            return
        }
        switch table[checkpoint.number] {
        case nil: faults.append(.checkpoint(.checkpointMissing, checkpoint.number, at: checkpoint.madeAt))
        case signed.digest: return
        default: faults.append(.checkpoint(.checkpointForged, checkpoint.number, at: checkpoint.madeAt))
        }
        accept(checkpoint, signed.digest)
    }

    private mutating func accept(_ checkpoint: AuditCheckpoint, _ digest: [UInt8]) {
        if checkpoint.number > newest?.number ?? 0 { (newest, newestDigest) = (checkpoint, digest) }
        if checkpoint.number == bookmark?.number, digest == bookmark?.digest { bookmarked = checkpoint }
        for lane in checkpoint.lanes {
            if lane.sequence > 0 { heads[lane.lane, default: CheckpointHeads()].add(lane.sequence, lane.hash) }
            guard lane.baseSequence > 0 else { continue }
            bases.insert(Base(lane: lane.lane, sequence: lane.baseSequence, hash: lane.baseHash))
        }
    }

    func heads(of lane: Int64) -> CheckpointHeads { heads[lane] ?? CheckpointHeads() }

    private func genuine(_ signed: SignedCheckpoint, _ number: Int64?) -> AuditCheckpoint? {
        guard let checkpoint = signed.opened(with: keys), checkpoint.chain == chain,
            number == nil || checkpoint.number == number
        else { return nil }
        return checkpoint
    }

    /// Whether a checkpoint says that the lane begins there.
    func attests(lane: Int64, base sequence: Int64, _ hash: [UInt8]) -> Bool {
        sequence == 0 ? hash == AuditHasher.genesis : bases.contains(Base(lane: lane, sequence: sequence, hash: hash))
    }

    /// The bookmark names a checkpoint that is neither in the table nor in the file.
    var hasLostBookmark: Bool { bookmark != nil && bookmarked == nil }
}
