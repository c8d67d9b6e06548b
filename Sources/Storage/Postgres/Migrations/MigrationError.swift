/// Why the schema can't be brought up to date. Nothing was changed by the step in question.
package struct MigrationError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// An applied step was edited afterwards.
        case checksumChanged
        /// The database has a step that this program doesn't know: it is older than the database.
        case unknownStep
        /// A step is missing below one that is applied, or numbers don't run from 1.
        case outOfOrder
        /// The step's SQL was refused.
        case failed
    }

    package let code: Code
    package let operation: String
    package let detail: String
    package let isRetriable: Bool

    package var description: String { "\(operation): \(detail)" }
}
