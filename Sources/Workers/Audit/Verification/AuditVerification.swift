package import FlotillaStorage

/// Recomputes the hash chain of every lane, a page at a time, while writers may go on writing.
///
/// Each lane is walked up to the head that it had when its turn came. Memory stays bounded whatever the size of the
/// table and of its rows.
package struct AuditVerification: Sendable {
    package struct Report: Sendable {
        package var rows = 0
        package var lanes = 0
        package var elapsed: Duration = .zero
        /// The first of the faults, at most ``AuditVerification/faultLimit``.
        package var faults: [AuditFault] = []
        package var faultCount = 0
        /// How many checkpoints there are, besides those of the file alone; `nil` when there was no key to check them.
        package var checkpoints: Int?
        /// Where the check began: rows up to this checkpoint were checked before, and only its own rows again.
        package var since: AuditCheckpoint?
        /// The newest genuine checkpoint.
        package var newest: AuditCheckpoint?
        /// What to begin with next time; `nil` unless everything is intact.
        package var bookmark: VerificationBookmark?

        package var isIntact: Bool { faultCount == 0 }

        package var rowsPerSecond: Double {
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
            return seconds > 0 ? Double(rows) / seconds : 0
        }

        fileprivate mutating func add(_ new: [AuditFault]) {
            faultCount += new.count
            faults += new.prefix(AuditVerification.faultLimit - faults.count)
        }
    }

    package struct Progress: Sendable {
        package let lane: Int64
        package let rows: Int
        /// The rows of all lanes, as their heads count them.
        package let total: Int
    }

    package static let faultLimit = 1_000
    /// A page ends after this many rows, or with the row whose body brings it to this many bytes.
    private static let pageRows = 1_000
    private static let pageBytes = 4 << 20

    private let pool: PostgresPool
    private let trust: CheckpointTrust?

    /// - Parameter trust: `nil` checks the chains alone.
    package init(_ pool: PostgresPool, trust: CheckpointTrust? = nil) {
        self.pool = pool
        self.trust = trust
    }

    /// - Parameters:
    ///   - bookmark: from an earlier report: rows up to there are taken to be intact still. `nil` checks all rows.
    ///   - progress: called after each page.
    package func run(
        since bookmark: VerificationBookmark? = nil,
        progress: (Progress) -> Void = { _ in }
    ) async throws -> Report {
        let start = ContinuousClock.now
        var report = Report()
        // Before the heads are read: those that are read later lie behind.
        let review = try await checkpoints(bookmark, &report)
        let heads = try await pool.query(Self.heads)
        let known = heads.compactMap { $0.int(0) }
        let total = heads.reduce(0) { sum, head in
            let done = report.since?.lanes.first { $0.lane == head.int(0) }?.sequence ?? 0
            return sum + Int((head.int(1) ?? 0) - max(head.int(2) ?? 0, done))
        }
        for lane in known {
            try await walk(lane, review, into: &report) { progress(Progress(lane: lane, rows: $0, total: total)) }
            report.lanes += 1
        }
        report.add(try await unknownLanes(besides: Set(known)))
        for lane in report.newest?.lanes ?? [] where lane.sequence > 0 && !known.contains(lane.lane) {
            report.add([AuditFault(.truncated, lane: lane.lane, sequence: 1, count: lane.sequence)])
        }
        if report.isIntact, let newest = review?.newest, let digest = review?.newestDigest {
            report.bookmark = VerificationBookmark(chain: newest.chain, number: newest.number, digest: digest)
        }
        report.elapsed = .now - start
        return report
    }

    private func checkpoints(_ bookmark: VerificationBookmark?, _ report: inout Report) async throws
        -> CheckpointReview?
    {
        guard let trust, !trust.keys.isEmpty,
            let chain = try await pool.query(Checkpointing.chain).first?.text(0)
        else { return nil }
        var review = CheckpointReview(chain: chain, keys: trust.keys, bookmark: bookmark)
        var number = Int64(0)
        while true {
            let page = try await pool.query(CheckpointStatements.page(after: number))
            guard let last = page.last?.int(0) else { break }
            for row in page { review.take(row: row.int(0) ?? 0, SignedCheckpoint(row)) }
            number = last
        }
        if let file = trust.file { try file(chain).forEach { review.take(copy: $0) } }
        report.add(review.faults)
        if review.hasLostBookmark, let bookmark { report.add([.checkpoint(.checkpointMissing, bookmark.number)]) }
        (report.checkpoints, report.newest, report.since) = (review.count, review.newest, review.bookmarked)
        return review
    }

    private func walk(
        _ lane: Int64,
        _ review: CheckpointReview?,
        into report: inout Report,
        progress: (Int) -> Void
    ) async throws {
        guard let head = try await pool.query(Self.head(of: lane)).first, let headSequence = head.int(0),
            let headHash = head.bytes(1), var sequence = head.int(2), var hash = head.bytes(3)
        else { return report.add([AuditFault(.unknownLane, lane: lane, sequence: 0)]) }
        if let review, !review.attests(lane: lane, base: sequence, hash) {
            report.add([AuditFault(.baseMoved, lane: lane, sequence: sequence)])
        }
        var last = (sequence: Int64.min, recordedAt: Int64(0))
        if let done = report.since?.lanes.first(where: { $0.lane == lane }), done.sequence > sequence {
            // The row before is the first to be checked, so that the one where the last check ended is checked again.
            (sequence, hash) = (done.sequence - 1, try await previousHash(lane, done.sequence) ?? [])
            last = (sequence, .max)
        }
        var chain = AuditChain(
            lane: lane,
            sequence: sequence,
            hash: hash,
            signed: review?.heads(of: lane) ?? CheckpointHeads()
        )
        while true {
            let page = try await pool.query(
                Self.page(of: lane, after: last.sequence, last.recordedAt, through: headSequence)
            )
            guard !page.isEmpty else { break }
            for row in page {
                let row = AuditRow(row)
                report.add(chain.advance(to: row))
                last = (row.record.sequence, row.record.recordedAt)
            }
            report.rows += page.count
            progress(report.rows)
        }
        report.add(chain.finish(headSequence: headSequence, headHash: headHash))
        // Compared within one statement, so that rows written meanwhile come with the head that counts them.
        let beyond = try await pool.query(Self.beyondHead(of: lane))
        if let row = beyond.first, let count = row.int(0), count > 0, let first = row.int(1) {
            report.add([AuditFault(.inserted, lane: lane, sequence: first, count: count)])
        }
    }

    private func previousHash(_ lane: Int64, _ sequence: Int64) async throws -> [UInt8]? {
        let statement = SQLStatement(
            "SELECT previous_hash FROM audit_logs WHERE lane = $1 AND sequence = $2",
            [.int(lane), .int(sequence)]
        )
        return try await pool.query(statement).first?.bytes(0)
    }

    private func unknownLanes(besides known: Set<Int64>) async throws -> [AuditFault] {
        var faults: [AuditFault] = []
        var lane = Int64.min
        while let next = try await pool.query(Self.nextLane(after: lane)).first?.int(0) {
            if !known.contains(next) { faults.append(AuditFault(.unknownLane, lane: next, sequence: 1)) }
            lane = next
        }
        return faults
    }

    private static let heads = SQLStatement("SELECT lane, sequence, base_sequence FROM audit_lanes ORDER BY lane")

    private static func head(of lane: Int64) -> SQLStatement {
        SQLStatement(
            "SELECT sequence, hash, base_sequence, base_hash FROM audit_lanes WHERE lane = $1",
            [.int(lane)]
        )
    }

    private static func page(
        of lane: Int64,
        after sequence: Int64,
        _ recordedAt: Int64,
        through head: Int64
    ) -> SQLStatement {
        SQLStatement(
            """
            SELECT \(AuditRow.columns) FROM (
                SELECT *, sum(octet_length(body)) OVER (ORDER BY sequence, recorded_at) - octet_length(body) AS before
                FROM audit_logs
                WHERE lane = $1 AND (sequence, recorded_at) > ($2, $3) AND sequence <= $4
                ORDER BY sequence, recorded_at LIMIT $5
            ) AS page
            WHERE before < $6 ORDER BY sequence, recorded_at
            """,
            [
                .int(lane), .int(sequence), .timestamp(recordedAt), .int(head), .int(Int64(pageRows)),
                .int(Int64(pageBytes)),
            ]
        )
    }

    private static func beyondHead(of lane: Int64) -> SQLStatement {
        SQLStatement(
            """
            SELECT count(*), min(logs.sequence) FROM audit_lanes AS lanes
            JOIN audit_logs AS logs ON logs.lane = lanes.lane AND logs.sequence > lanes.sequence
            WHERE lanes.lane = $1
            """,
            [.int(lane)]
        )
    }

    private static func nextLane(after lane: Int64) -> SQLStatement {
        SQLStatement("SELECT min(lane) FROM audit_logs WHERE lane > $1", [.int(lane)])
    }
}

extension AuditReceipt {
    /// - Parameter column: the first of five.
    fileprivate init(_ row: SQLRow, from column: Int) {
        self.init()
        by = row.text(column)
        route = row.text(column + 1)
        address = row.text(column + 2)
        at = row.bytes(column + 3).map { _ in row.timestamp(column + 3) ?? .min }
        id = row.text(column + 4)
    }
}

extension AuditRow {
    /// The columns that it is made of, in order.
    static let columns = """
        lane, sequence, recorded_at, occurred_at, event, actor, subject, service, correlation_id, message_id, exchange,
        routing_key, trace_parent, body, hash_version, previous_hash, hash, received_by, received_route, received_address,
        received_at, received_id
        """

    /// A NULL or an infinite time where none was written is some other
    /// value here, so that the hash tells.
    init(_ row: SQLRow) {
        self.init(
            record: AuditRecord(
                lane: row.int(0) ?? 0,
                sequence: row.int(1) ?? 0,
                recordedAt: row.timestamp(2) ?? .min,
                occurredAt: row.timestamp(3) ?? .min,
                event: row.text(4) ?? "",
                actor: row.text(5),
                subject: row.text(6),
                service: row.text(7),
                correlationID: row.text(8),
                messageID: row.text(9) ?? "",
                exchange: row.text(10) ?? "",
                routingKey: row.text(11) ?? "",
                traceParent: row.text(12),
                receipt: AuditReceipt(row, from: 17),
                body: row.bytes(13) ?? []
            ),
            hashVersion: row.int(14) ?? 0,
            previousHash: row.bytes(15) ?? [],
            hash: row.bytes(16) ?? []
        )
    }
}
