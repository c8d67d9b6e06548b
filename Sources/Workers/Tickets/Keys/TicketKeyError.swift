/// A failure to read or change the keys that sign tickets.
package struct TicketKeyError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The master key at hand does not open it.
        case sealed
        /// There is no such key, or it can't be changed so.
        case unknown
        /// A row or a file of keys holds something that is none.
        case corrupt
    }

    package let code: Code
    package let operation: String
    package let detail: String
    package let isRetriable: Bool

    package init(code: Code, operation: String, detail: String, isRetriable: Bool = false) {
        self.code = code
        self.operation = operation
        self.detail = detail
        self.isRetriable = isRetriable
    }

    package var description: String { "\(operation): \(detail)" }
}
