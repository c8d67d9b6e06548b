/// A master key is missing or unfit, or something that it sealed can't be opened.
package struct MasterKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// There is no key, or not the one that is needed.
        case missing
        /// What was given is no key.
        case malformed
        /// The key does not open what it is said to have sealed.
        case wrongKey
    }

    package let code: Code
    package let operation: String
    package let detail: String
    /// Whether it may go better once another key is given.
    package var isRetriable: Bool { code != .wrongKey }

    package init(code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    package var description: String { "\(operation): \(detail)" }
}
