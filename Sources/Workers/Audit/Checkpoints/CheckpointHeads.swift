/// What all checkpoints say of one lane: which hash the row of a sequence number has. Takes 24 bytes for each.
package struct CheckpointHeads: Sendable {
    private struct Prefix: Sendable, Hashable {
        let high: UInt64
        let low: UInt64

        /// The first 16 bytes of a hash; nobody can find another row that shares them.
        init(_ hash: [UInt8]) {
            func number(_ start: Int) -> UInt64 {
                (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < hash.count ? hash[$1] : 0) }
            }
            (high, low) = (number(0), number(8))
        }
    }

    private var sequences: [Int64] = []
    private var hashes: [Prefix] = []
    private var place = 0

    package init() {}

    package var last: Int64 { sequences.last ?? 0 }

    /// Adds what a checkpoint says. Checkpoints come in any order.
    package mutating func add(_ sequence: Int64, _ hash: [UInt8]) {
        let prefix = Prefix(hash)
        var position = sequences.count
        while position > 0, sequences[position - 1] > sequence { position -= 1 }
        if position > 0, sequences[position - 1] == sequence, hashes[position - 1] == prefix { return }
        sequences.insert(sequence, at: position)
        hashes.insert(prefix, at: position)
    }

    /// Whether no checkpoint says otherwise of the row. To be asked in the order of sequence numbers.
    mutating func agree(_ sequence: Int64, _ hash: [UInt8]) -> Bool {
        while place < sequences.count, sequences[place] < sequence { place += 1 }
        while place < sequences.count, sequences[place] == sequence {
            guard hashes[place] == Prefix(hash) else { return false }
            place += 1
        }
        return true
    }
}
