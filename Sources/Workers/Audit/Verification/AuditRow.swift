/// A row as the table holds it: the record and the two hashes beside it.
package struct AuditRow: Sendable {
    package var record: AuditRecord
    package var hashVersion: Int64
    package var previousHash: [UInt8]
    package var hash: [UInt8]

    package init(record: AuditRecord, hashVersion: Int64 = AuditHasher.version, previousHash: [UInt8], hash: [UInt8]) {
        self.record = record
        self.hashVersion = hashVersion
        self.previousHash = previousHash
        self.hash = hash
    }
}
