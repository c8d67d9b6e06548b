import FlotillaPlatform

/// Computes the hashes that link the rows of a lane; docs/audit-chain.md describes the format.
package struct AuditHasher: ~Copyable {
    /// The `hash_version` of new rows.
    package static let version: Int64 = 2
    /// That of rows from before it was known where an event came from.
    package static let firstVersion: Int64 = 1
    /// The previous hash of a lane's first row.
    package static let genesis = [UInt8](repeating: 0, count: SHA256.length)

    private var hasher = SHA256Hasher()
    private var buffer: [UInt8] = []

    package init() { buffer.reserveCapacity(2_048) }

    /// - Parameter version: 1 or 2, how the row says that it was hashed. Of version 1 the receipt is no part of the hash, and has
    ///   to be empty.
    package mutating func hash(
        _ record: borrowing AuditRecord,
        after previous: [UInt8],
        version: Int64 = version
    ) -> [UInt8] {
        buffer.removeAll(keepingCapacity: true)
        append(previous)
        buffer.append(UInt8(truncatingIfNeeded: version))
        append(record.lane)
        append(record.sequence)
        append(record.recordedAt)
        append(record.occurredAt)
        append(record.event)
        append(record.actor)
        append(record.subject)
        append(record.service)
        append(record.correlationID)
        append(record.messageID)
        append(record.exchange)
        append(record.routingKey)
        append(record.traceParent)
        if version != Self.firstVersion { append(record.receipt) }
        append(record.body)
        hasher.update(buffer)
        return hasher.finish()
    }

    private mutating func append(_ receipt: AuditReceipt) {
        append(receipt.by)
        append(receipt.route)
        append(receipt.address)
        append(receipt.at.map { String($0) })
        append(receipt.id)
    }

    private mutating func append(_ number: Int64) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe buffer.append(contentsOf: $0) }
    }

    private mutating func append(length: Int) {
        unsafe withUnsafeBytes(of: UInt32(length).bigEndian) { unsafe buffer.append(contentsOf: $0) }
    }

    private mutating func append(_ bytes: [UInt8]) {
        append(length: bytes.count)
        buffer.append(contentsOf: bytes)
    }

    /// No text is as long as the length that stands for none.
    private mutating func append(_ text: String?) {
        guard let text else { return append(length: Int(UInt32.max)) }
        append(length: text.utf8.count)
        buffer.append(contentsOf: text.utf8)
    }
}
