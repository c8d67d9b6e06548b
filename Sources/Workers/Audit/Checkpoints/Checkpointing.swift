package import FlotillaPlatform
package import FlotillaStorage
import Synchronization

private let fileCalls = BlockingCalls(name: "checkpoints", threads: 1)

/// Signs the heads of the lanes, keeps the checkpoint in `audit_checkpoints`, and copies it into a file.
package final class Checkpointing: Sendable {
    private let pool: PostgresPool
    private let key: SigningKey
    /// Given the chain's name; `nil` keeps no copy.
    private let file: (@Sendable (_ chain: String) -> CheckpointFile)?
    /// Up to where the file has been found to be complete.
    private let copied = Mutex<Int64?>(nil)

    package init(
        _ pool: PostgresPool,
        key: SigningKey,
        file: (@Sendable (_ chain: String) -> CheckpointFile)?
    ) {
        self.pool = pool
        self.key = key
        self.file = file
    }

    /// Makes a checkpoint if rows were written since the last one, and if that is older than `interval`.
    ///
    /// - Returns: the new one, or `nil` when there was no need.
    @discardableResult
    package func make(ifOlderThan interval: Duration = .zero) async throws -> AuditCheckpoint? {
        let made = try await pool.transaction { transaction -> AuditCheckpoint? in
            try await Self.make(in: transaction, key: key, ifOlderThan: interval, isForced: false)
        }
        try await copy()
        return made
    }

    /// Makes a checkpoint in a transaction that has changed the lanes' bases.
    static func make(
        in transaction: PostgresTransaction,
        key: SigningKey,
        ifOlderThan interval: Duration = .zero,
        isForced: Bool
    ) async throws -> AuditCheckpoint? {
        let results = try await transaction.pipeline([lock, last, chain, lanes])
        guard let chain = results[2].first?.text(0) else { return nil }
        let newest = results[1].first.flatMap { $0.text(0) }
        let before = newest.flatMap(AuditCheckpoint.init(statement:))
        let now = results[3].first?.timestamp(5) ?? WallClock.microseconds()
        let lanes = results[3].compactMap(AuditCheckpoint.Lane.init)
        if let before, !isForced {
            guard before.lanes != lanes, now - before.madeAt >= interval.microseconds else { return nil }
        } else if !isForced, lanes.allSatisfy({ $0.sequence == 0 }) {
            return nil
        }
        let checkpoint = AuditCheckpoint(
            chain: chain,
            number: (results[1].first?.int(1) ?? 0) + 1,
            madeAt: now,
            previous: newest.map { SHA256.digest($0) } ?? AuditHasher.genesis,
            lanes: lanes
        )
        let signed = SignedCheckpoint(checkpoint, by: key)
        _ = try await transaction.query(
            SQLStatement(
                "INSERT INTO audit_checkpoints (number, statement, key_id, signature) VALUES ($1, $2, $3, $4)",
                [.int(checkpoint.number), .text(signed.statement), .text(signed.keyID), .bytes(signed.signature)]
            )
        )
        return checkpoint
    }

    /// Adds to the file what the table has and the file lacks. What is forged among it shows when it is verified.
    func copy() async throws {
        guard let file, let chain = try await pool.query(Self.chain).first?.text(0) else { return }
        let copies = file(chain)
        var known: Set<Int64> = []
        var number = copied.withLock { $0 } ?? 0
        if number == 0 {
            known = try await fileCalls.run {
                var found: Set<Int64> = []
                try copies.forEach {
                    if let made = AuditCheckpoint(statement: $0.statement) { found.insert(made.number) }
                }
                return found
            }
        }
        while true {
            let page = try await pool.query(CheckpointStatements.page(after: number))
            guard let last = page.last?.int(0) else { break }
            let missing = page.filter { !known.contains($0.int(0) ?? 0) }.map(SignedCheckpoint.init)
            try await fileCalls.run { try copies.append(missing) }
            number = last
        }
        copied.withLock { [number] in $0 = number }
    }

    private static let lock = SQLStatement("SELECT pg_advisory_xact_lock(hashtextextended('audit_checkpoints', 0))")
    private static let last = SQLStatement(
        "SELECT statement, number FROM audit_checkpoints ORDER BY number DESC LIMIT 1"
    )
    static let chain = SQLStatement("SELECT id FROM audit_chain")

    /// The name of the database's chain; `nil` before the migration that gives it one.
    package static func chain(in pool: PostgresPool) async throws -> String? {
        try await pool.query(chain).first?.text(0)
    }

    private static let lanes = SQLStatement(
        """
        SELECT lane, base_sequence, base_hash, sequence, hash, clock_timestamp() FROM audit_lanes ORDER BY lane
        """
    )
}

extension AuditCheckpoint.Lane {
    init?(_ row: SQLRow) {
        guard let lane = row.int(0), let base = row.int(1), let baseHash = row.bytes(2), let sequence = row.int(3),
            let hash = row.bytes(4)
        else { return nil }
        self.init(lane: lane, baseSequence: base, baseHash: baseHash, sequence: sequence, hash: hash)
    }
}

extension SignedCheckpoint {
    /// Reads a row of ``CheckpointStatements/page(after:)``.
    init(_ row: SQLRow) {
        self.init(statement: row.text(1) ?? "", keyID: row.text(2) ?? "", signature: row.bytes(3) ?? [])
    }
}

extension Duration {
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
