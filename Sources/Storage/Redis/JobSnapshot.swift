package import FlotillaModels

/// A job's live state as Redis has it. Times are microseconds since 1970.
package struct JobSnapshot: Sendable, Hashable {
    package var attempt: Int
    package var state: JobState
    package var progress: Int?
    package var progressMessage: String?
    package var worker: String?
    package var lastError: String?
    package var queuedAt: Int64?
    package var startedAt: Int64?
    package var finishedAt: Int64?
    package var updatedAt: Int64?
}
