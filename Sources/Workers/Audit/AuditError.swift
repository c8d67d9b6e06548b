/// A failure of the audit log itself.
package struct AuditError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no lane to write to.
        case noLane
        /// A master key is missing or unfit.
        case masterKey
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

    package var description: String { "\(operation): \(detail)" }

    static func masterKey(_ detail: String) -> Self {
        Self(code: .masterKey, operation: "read the master keys", detail: detail, isRetriable: true)
    }
}
