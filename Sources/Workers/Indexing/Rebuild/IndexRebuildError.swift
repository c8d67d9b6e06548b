/// Why an index could not be rebuilt.
package struct IndexRebuildError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// Another one is running.
        case underWay
        /// Another one has begun since, because this one did not move.
        case overtaken
        /// The tables are not as they should be.
        case noIndex
    }

    package let code: Code
    package let operation: String
    package let detail: String

    package var description: String { detail }
}
