/// A failure of the audit log itself.
package struct AuditError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no lane to write to.
        case noLane
    }

    package let code: Code
    package let operation: String
    package let detail: String
    package let isRetriable: Bool

    package var description: String { "\(operation): \(detail)" }
}
