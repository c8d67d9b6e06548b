/// What goes wrong with a test fleet itself, as opposed to the workers in it.
public struct TestFleetError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// No queue of the topology is bound for the message.
        case unroutable
        /// Messages were still on their way when the time was over.
        case unsettled
        /// The fleet has been shut down.
        case stopped
        /// A transaction was used after its closure had returned.
        case transactionOver
        /// A retry or a dead letter could not be published, and a test fleet keeps none.
        case notKept
    }

    public let code: Code
    public let detail: String

    init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}
