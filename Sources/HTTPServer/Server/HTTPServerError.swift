/// A server that could not start.
package struct HTTPServerError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Another process listens there.
        case addressInUse
        /// The address is not this machine's, is not an address at all, or may not be used.
        case unavailable
    }

    package let code: Code
    package let operation: String
    package let detail: String
    package var isRetriable: Bool { code == .addressInUse }

    package var description: String { "\(operation): \(detail)" }
}
