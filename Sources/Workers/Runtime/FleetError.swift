/// A failure to set the fleet up or to keep it running.
public struct FleetError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable, matchable reason.
    public enum Code: Sendable, Hashable {
        /// A worker is registered twice, has no name, or does not fit `queues.yaml`.
        case registration
        /// A setting is missing or wrong.
        case configuration
        /// The folder for the process's own state can't be used.
        case stateFolder
        /// A server that is needed to start can't be reached.
        case unavailable
        /// A fleet runs once.
        case hasRun
    }

    public let code: Code
    public let detail: String

    public init(code: Code, detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String { detail }
}
