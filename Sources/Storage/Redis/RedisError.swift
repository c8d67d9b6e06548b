/// A failure reported by Redis, by the connection to it, or by hiredis.
package struct RedisError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    package enum Code: Sendable, Hashable {
        /// There is no connection, it was lost, or no answer came in time; the command may have been executed.
        case unavailable
        /// The server refused the command; the word that begins its answer (`WRONGTYPE`, `OOM`).
        case server(String)
        case invalidURL
    }

    package let code: Code
    package let operation: String
    package let detail: String
    /// Whether the same command could succeed on another try.
    package let isRetriable: Bool

    package init(code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
        isRetriable =
            switch code {
            case .unavailable: true
            case .server(let word): ["LOADING", "BUSY", "OOM", "READONLY", "MASTERDOWN", "TRYAGAIN"].contains(word)
            case .invalidURL: false
            }
    }

    package var description: String { "\(operation): \(detail)" }
}
