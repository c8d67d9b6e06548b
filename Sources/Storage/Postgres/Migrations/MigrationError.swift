/// Why the schema can't be brought up to date. Nothing was changed by the step in question.
public struct MigrationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        /// An applied step was edited afterwards.
        case checksumChanged
        /// The database has a step that this program doesn't know: it is older than the database.
        case unknownStep
        /// A step is missing below one that is applied, or numbers don't run from 1.
        case outOfOrder
        /// The step's SQL was refused.
        case failed
    }

    public let code: Code
    public let operation: String
    public let detail: String
    public let isRetriable: Bool

    public var description: String { "\(operation): \(detail)" }
}
