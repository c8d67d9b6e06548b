/// A webhook endpoint that can't be had, or changed, as asked.
package struct WebhookError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Another endpoint has the name.
        case nameTaken
        /// There is no endpoint of that name.
        case unknown
        /// The settings say what it is; it is changed there.
        case configured
        /// A name, a pattern of events or a setting that is none.
        case invalid
    }

    package let code: Code
    package let operation: String
    package let detail: String
    /// Never: asking again changes nothing.
    package var isRetriable: Bool { false }

    package init(code: Code, operation: String, detail: String) {
        (self.code, self.operation, self.detail) = (code, operation, detail)
    }

    package var description: String { "\(operation): \(detail)" }
}
