@testable import FlotillaAudit
import FlotillaPlatform
import Testing

struct AuditCheckpointTests {
    static func checkpoint(_ number: Int64, previous: [UInt8] = AuditHasher.genesis) -> AuditCheckpoint {
        AuditCheckpoint(
            chain: "c",
            number: number,
            madeAt: 5,
            previous: previous,
            lanes: [
                .init(lane: 1, baseSequence: 0, baseHash: AuditHasher.genesis, sequence: 3, hash: SHA256.digest("a")),
                .init(lane: 2, baseSequence: 4, baseHash: SHA256.digest("b"), sequence: 9, hash: SHA256.digest("c")),
            ]
        )
    }

    @Test func `a statement reads back letter for letter, and nothing else does`() throws {
        let checkpoint = Self.checkpoint(2)
        #expect(AuditCheckpoint(statement: checkpoint.statement) == checkpoint)
        #expect(checkpoint.rows == 8)
        for (old, new) in [("number 2", "number 02"), ("\n", "\n\n"), ("lane 1", "lane  1"), ("made", "Made")] {
            #expect(AuditCheckpoint(statement: checkpoint.statement.replacing(old, with: new)) == nil)
        }
        #expect(AuditCheckpoint(statement: "") == nil)
    }

    @Test func `a checkpoint counts when one of the keys has signed it`() {
        let key = SigningKey.generate()
        let signed = SignedCheckpoint(Self.checkpoint(1), by: key)
        #expect(signed.opened(with: [SigningKey.generate().publicKey, key.publicKey]) == Self.checkpoint(1))
        #expect(signed.opened(with: []) == nil)
        let forged = SignedCheckpoint(
            statement: Self.checkpoint(2).statement,
            keyID: signed.keyID,
            signature: signed.signature
        )
        #expect(forged.opened(with: [key.publicKey]) == nil)
    }

    @Test func `heads are compared in the order of their rows, whatever the order of the checkpoints`() {
        var heads = CheckpointHeads()
        heads.add(9, SHA256.digest("9"))
        heads.add(4, SHA256.digest("4"))
        heads.add(4, SHA256.digest("4"))
        #expect(heads.last == 9)
        let rows: [(Int64, [UInt8])] = [(3, []), (4, SHA256.digest("4")), (8, []), (9, SHA256.digest("8"))]
        let agreed = rows.map { heads.agree($0.0, $0.1) }
        #expect(agreed == [true, true, true, false])
    }
}
