/// The auth service could not be asked, or gave an answer that is none.
package struct AuthServiceError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// No answer, or one of an overloaded or broken service.
        case unavailable
        /// An answer of another shape, a redirect, one that is too long, or status 500 to a token: it may be about this one question,
        /// and says nothing of the service.
        case violation
        /// It was not asked, since it has failed several times in a row.
        case held
    }

    package let code: Code
    package let operation: String
    package let detail: String
    /// When to try again.
    package let retryAfter: Duration
    /// Always: the same question may be answered later.
    package var isRetriable: Bool { true }

    package init(_ code: Code, _ operation: String, _ detail: String, retryAfter: Duration = .seconds(2)) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.retryAfter = retryAfter
    }

    package var description: String { "\(operation): \(detail)" }
}
