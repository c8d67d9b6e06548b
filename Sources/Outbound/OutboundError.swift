/// Why something outside could not be talked to.
package struct OutboundError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    package enum Code: String, Sendable, Hashable {
        /// The request itself can't be made: a malformed URL, a header with a line break.
        case invalidRequest = "invalid_request"
        /// The host's name is not known, or can't be looked up.
        case resolve
        case connect
        /// No TLS, or a certificate that does not convince.
        case tls
        case timeout
        /// The check of the address did not let it through.
        case refusedAddress = "refused_address"
        /// The other side does not accept our credentials.
        case authentication
        /// The connection ended before the answer.
        case connectionLost = "connection_lost"
        /// An answer that the protocol does not allow.
        case violation
        case answerTooLarge = "answer_too_large"
        /// All connections were in use for longer than one waits in line.
        case busy
        /// The task was cancelled.
        case cancelled
        /// The engine has been closed.
        case closed
    }

    package let code: Code
    /// What was tried, without secrets: `POST to api.example.com`.
    package let operation: String
    package let detail: String
    /// Whether the same could succeed on another try.
    package let isRetriable: Bool

    package init(code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
        isRetriable =
            switch code {
            case .resolve, .connect, .timeout, .connectionLost, .violation, .busy, .cancelled, .closed: true
            case .invalidRequest, .tls, .refusedAddress, .authentication, .answerTooLarge: false
            }
    }

    package var description: String { "\(operation): \(detail) (\(code.rawValue))" }
}
