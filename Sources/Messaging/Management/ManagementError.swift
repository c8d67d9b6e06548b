/// A failure to ask the broker's management API.
package struct ManagementError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    package enum Code: Sendable, Hashable {
        /// The address can't work.
        case configuration
        /// No answer; a code of libcurl.
        case unreachable(curl: UInt32)
        /// An answer other than 200.
        case status(Int)
        /// An answer that is not what the API promises.
        case unexpectedAnswer
    }

    package let code: Code
    package let operation: String
    package let detail: String

    package init(code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    package var isRetriable: Bool {
        switch code {
        case .configuration, .unexpectedAnswer: false
        case .unreachable: true
        case .status(let status): status >= 500 || status == 429
        }
    }

    package var description: String { "management API: \(operation): \(detail)" }
}
