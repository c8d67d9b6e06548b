package import FlotillaModels

/// One step of a job's live state.
package struct JobStateChange: Sendable, Hashable {
    package var jobID: String
    /// 1-based; 0 before the first execution.
    package var attempt: Int
    package var state: JobState
    /// From 0 to 100.
    package var progress: Int?
    package var progressMessage: String?
    package var worker: String?
    package var lastError: String?
    /// When it happened, in microseconds since 1970.
    package var at: Int64

    package init(
        jobID: String,
        attempt: Int,
        state: JobState,
        progress: Int? = nil,
        progressMessage: String? = nil,
        worker: String? = nil,
        lastError: String? = nil,
        at: Int64
    ) {
        self.jobID = jobID
        self.attempt = attempt
        self.state = state
        self.progress = progress
        self.progressMessage = progressMessage
        self.worker = worker
        self.lastError = lastError
        self.at = at
    }
}
