@testable import FlotillaAudit
import FlotillaPlatform
import Testing

struct AuditChainTests {
    static let first = AuditRecord(
        lane: 3,
        sequence: 1,
        recordedAt: 1_769_742_000_000_000,
        occurredAt: -1,
        event: "profile.viewed",
        actor: "u-1",
        subject: nil,
        service: "",
        correlationID: "corr",
        messageID: "m-1",
        exchange: "fleet.topic",
        routingKey: "profile.viewed",
        traceParent: nil,
        receipt: receipt,
        body: Array(#"{"été":1}"#.utf8)
    )

    static var receipt: AuditReceipt {
        var receipt = AuditReceipt()
        (receipt.by, receipt.route) = ("key:3f9a0c11d2e4", "POST /api/v1/events")
        (receipt.address, receipt.at, receipt.id) = ("192.0.2.7", 1_769_742_000_000_000, "pay-7")
        return receipt
    }

    static func rows(_ count: Int64) -> [AuditRow] {
        var hasher = AuditHasher()
        var previous = AuditHasher.genesis
        return (1...count).map { sequence in
            var record = first
            record.sequence = sequence
            record.messageID = "m-\(sequence)"
            let hash = hasher.hash(record, after: previous)
            defer { previous = hash }
            return AuditRow(record: record, previousHash: previous, hash: hash)
        }
    }

    func faults(_ rows: [AuditRow], head: AuditRow) -> [AuditFault] {
        var chain = AuditChain(lane: 3)
        var faults: [AuditFault] = []
        for row in rows.sorted(by: { $0.record.sequence < $1.record.sequence }) { faults += chain.advance(to: row) }
        return faults + chain.finish(headSequence: head.record.sequence, headHash: head.hash)
    }

    func isOnly(_ expected: AuditFault, in faults: [AuditFault]) -> Bool {
        faults.count == 1 && faults[0].isSame(as: expected)
    }

    private static let second = AuditRecord(
        lane: 3,
        sequence: 2,
        recordedAt: 1_769_742_000_000_001,
        occurredAt: 1_769_742_000_000_000,
        event: "user.created",
        messageID: "m-2",
        exchange: "",
        routingKey: "q",
        traceParent: "00-a-b-01",
        body: []
    )

    @Test func `the hashes are those that another implementation of the documented format computes`() {
        var hasher = AuditHasher()
        var second = Self.second
        for (version, first, next) in [
            (
                Int64(1), "489d2ec9017bb9aa833b460e2372c2d90e0be2ad6d06e949801d4451187f1da2",
                "a5c719a189eb9148a84803e9c31631ecdfc49e830a854547fc45e28096796c1b"
            ),
            (
                2, "884b33dc6cf6fad619366507d320cc085c6e6b7b0aa632e95d4911624659521a",
                "33d678e04359b4e835e80ab927e6dca17af4adf85b8cbc13912aef6afc4bd4da"
            ),
        ] {
            let one = hasher.hash(Self.first, after: AuditHasher.genesis, version: version)
            #expect(one.hexadecimal == first)
            second.actor = nil
            #expect(hasher.hash(second, after: one, version: version).hexadecimal == next)
            second.actor = ""
            #expect(hasher.hash(second, after: one, version: version).hexadecimal != next)
        }
    }

    @Test func `rows of the first version verify among new ones, and may say nothing of who it was`() {
        var hasher = AuditHasher()
        var old = Self.first
        old.receipt = AuditReceipt()
        let oldHash = hasher.hash(old, after: AuditHasher.genesis, version: AuditHasher.firstVersion)
        var row = AuditRow(
            record: old,
            hashVersion: AuditHasher.firstVersion,
            previousHash: AuditHasher.genesis,
            hash: oldHash
        )
        let new = AuditRow(record: Self.second, previousHash: oldHash, hash: hasher.hash(Self.second, after: oldHash))
        #expect(faults([row, new], head: new).isEmpty)
        row.record.receipt.by = "key:000000000000"
        #expect(faults([row, new], head: new).map(\.kind) == [.edited])
        row.record.receipt.by = nil
        row.hashVersion = 2
        #expect(faults([row, new], head: new).map(\.kind) == [.edited])
    }

    @Test func `moving a character from one field to the next changes the hash`() {
        var hasher = AuditHasher()
        var other = Self.first
        other.actor = "u-"
        other.subject = "1"
        #expect(hasher.hash(other, after: AuditHasher.genesis) != hasher.hash(Self.first, after: AuditHasher.genesis))
    }

    @Test func `a whole lane has no fault`() throws {
        let rows = Self.rows(5)
        #expect(faults(rows, head: try #require(rows.last)).isEmpty)
    }

    @Test func `a lane whose first months were detached goes on from its base`() {
        let rows = Self.rows(5)
        var chain = AuditChain(lane: 3, sequence: 2, hash: rows[1].hash)
        #expect(rows[2...].flatMap { chain.advance(to: $0) }.isEmpty)
        #expect(chain.finish(headSequence: 5, headHash: rows[4].hash).isEmpty)
    }

    @Test func `an edited row is told with its place`() {
        var rows = Self.rows(5)
        rows[2].record.body = Array("{}".utf8)
        #expect(isOnly(AuditFault(.edited, lane: 3, sequence: 3, messageID: "m-3"), in: faults(rows, head: rows[4])))
    }

    @Test func `every column is covered`() {
        let edits: [(inout AuditRecord) -> Void] = [
            { $0.recordedAt += 1 }, { $0.occurredAt += 1 }, { $0.event += "x" }, { $0.actor = nil },
            { $0.subject = "x" },
            { $0.service = nil }, { $0.correlationID = "x" }, { $0.messageID = "x" }, { $0.exchange = "x" },
            { $0.routingKey = "x" }, { $0.traceParent = "x" }, { $0.body.append(32) }, { $0.lane = 4 },
            { $0.receipt.by = "key:000000000000" }, { $0.receipt.by = nil }, { $0.receipt.route = "POST /api/v1/jobs" },
            { $0.receipt.address = "192.0.2.8" }, { $0.receipt.at = nil }, { $0.receipt.id = "pay-8" },
        ]
        for (index, edit) in edits.enumerated() {
            var rows = Self.rows(3)
            edit(&rows[1].record)
            #expect(faults(rows, head: rows[2]).map(\.kind) == [.edited], "edit \(index)")
        }
    }

    @Test func `an edit with a new hash breaks the link of the next row`() {
        var rows = Self.rows(5)
        var hasher = AuditHasher()
        rows[2].record.actor = "someone else"
        rows[2].hash = hasher.hash(rows[2].record, after: rows[2].previousHash)
        #expect(isOnly(AuditFault(.reordered, lane: 3, sequence: 4, messageID: "m-4"), in: faults(rows, head: rows[4])))
    }

    @Test func `deleted rows are told as a gap`() {
        var rows = Self.rows(6)
        let head = rows[5]
        rows.removeSubrange(2...3)
        #expect(isOnly(AuditFault(.deleted, lane: 3, sequence: 3, count: 2), in: faults(rows, head: head)))
    }

    @Test func `rows deleted at the end are told as truncated, all of them too`() {
        let rows = Self.rows(4)
        #expect(
            isOnly(AuditFault(.truncated, lane: 3, sequence: 3, count: 2), in: faults(Array(rows[..<2]), head: rows[3]))
        )
        #expect(isOnly(AuditFault(.truncated, lane: 3, sequence: 1, count: 4), in: faults([], head: rows[3])))
    }

    @Test func `two rows that changed places are told as reordered`() {
        var rows = Self.rows(6)
        (rows[2].record.sequence, rows[4].record.sequence) = (5, 3)
        let kinds = faults(rows, head: rows[5]).map { "\($0.kind) \($0.sequence)" }
        #expect(kinds == ["reordered 3", "reordered 4", "reordered 5", "reordered 6"])
    }

    @Test func `a forged row with a number that is taken is told as inserted`() {
        var rows = Self.rows(4)
        var forged = rows[1]
        forged.record.messageID = "forged"
        rows.append(forged)
        #expect(
            isOnly(AuditFault(.inserted, lane: 3, sequence: 2, messageID: "forged"), in: faults(rows, head: rows[3]))
        )
    }

    @Test func `a last row exchanged together with its hash does not match the head`() {
        var rows = Self.rows(3)
        let head = rows[2]
        var hasher = AuditHasher()
        rows[2].record.actor = "someone else"
        rows[2].hash = hasher.hash(rows[2].record, after: rows[2].previousHash)
        #expect(isOnly(AuditFault(.headChanged, lane: 3, sequence: 3), in: faults(rows, head: head)))
    }
}
