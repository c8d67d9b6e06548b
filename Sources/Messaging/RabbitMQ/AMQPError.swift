/// A failure reported by the broker, the socket, or librabbitmq.
package struct AMQPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    package enum Code: Sendable, Hashable {
        /// The connection is not there (any more).
        case closed
        /// The address or the settings can't work.
        case configuration
        /// The broker did not answer in time.
        case timeout
        /// A status of librabbitmq; negative.
        case library(status: Int32)
        /// A reply code of AMQP: 404 for what is missing, 406 for a failed precondition.
        case broker(replyCode: Int)
    }

    package let code: Code
    package let operation: String
    /// The broker's own words where it sent any.
    package let detail: String

    package init(code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    /// Whether the same call can succeed later without anybody changing anything.
    package var isRetriable: Bool {
        switch code {
        case .closed, .timeout: true
        case .configuration: false
        // Certificate or host name refused: -0x201 and -0x202.
        case .library(let status): status != -0x201 && status != -0x202
        // Forced close, locked resource, out of resources, internal error.
        case .broker(let replyCode): [320, 405, 506, 541].contains(replyCode)
        }
    }

    package var description: String { "\(operation): \(detail)" }
}
