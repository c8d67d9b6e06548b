/// A failure of the audit log itself.
package struct AuditError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no lane to write to.
        case noLane
        /// A key that wraps or signs does not fit what it is for.
        case wrongKey
        /// A file of checkpoints or of keys can't be read or written.
        case file
        /// The question can't be answered as it was asked.
        case invalid
    }

    package let code: Code
    package let operation: String
    package let detail: String
    package let isRetriable: Bool

    package init(code: Code, operation: String, detail: String, isRetriable: Bool) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.isRetriable = isRetriable
    }

    package var description: String { "\(operation): \(detail)" }
}
