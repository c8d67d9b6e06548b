/// Why the index could not be changed or read as asked.
package struct IndexError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The engine will not take this, on no other try either.
        case refused
        /// A search took too long.
        case timeout
        /// The engine can't answer now.
        case unavailable
    }

    package let code: Code
    package let operation: String
    package let detail: String

    package var description: String { "\(operation): \(detail)" }
}
