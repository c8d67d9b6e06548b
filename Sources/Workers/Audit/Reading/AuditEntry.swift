/// A row of the audit log as people read it.
package struct AuditEntry: Sendable, Hashable {
    /// A row's place in its chain, which names it for good: `lane-sequence`.
    package struct ID: Sendable, Hashable, CustomStringConvertible {
        package let lane: Int64
        package let sequence: Int64

        package init(lane: Int64, sequence: Int64) { (self.lane, self.sequence) = (lane, sequence) }

        /// - Returns: `nil` for anything but two numbers with a hyphen between them.
        package init?(_ text: String) {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let lane = Int16(parts[0]), let sequence = Int64(parts[1]), lane > 0, sequence > 0
            else { return nil }
            self.init(lane: Int64(lane), sequence: sequence)
            guard description == text else { return nil }
        }

        package var description: String { "\(lane)-\(sequence)" }
    }

    /// How much of the body could be read.
    package enum Disclosure: String, Sendable, Hashable {
        /// There is nothing personal in it.
        case plain
        /// Personal values are shown.
        case revealed
        /// Personal values are left sealed for the reader's rights.
        case sealed
        /// Some personal values are gone, because their person is forgotten.
        case forgotten
    }

    package var record: AuditRecord
    package var disclosure: Disclosure = .plain
    package var action: AuditAction?

    package var id: ID { ID(lane: record.lane, sequence: record.sequence) }

    init(record: AuditRecord) { self.record = record }
}
