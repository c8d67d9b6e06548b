package import Models

/// Takes note of the live state of jobs. A projection: none of its calls throws or waits long.
package protocol JobTracker: Sendable {
    func record(_ changes: [JobChange]) async
}

/// A step of a job, or of an event's delivery from its first failure on.
package struct JobChange: Sendable, Hashable {
    package var id: String
    package var state: JobState
    package var attempt: Int
    package var queue: String
    package var worker: String
    /// 0 to 100.
    package var progress: Int?
    package var note: String?
    package var error: String?
    /// Microseconds since 1970.
    package var at: Int64

    package init(
        id: String,
        state: JobState,
        attempt: Int,
        queue: String,
        worker: String,
        progress: Int? = nil,
        note: String? = nil,
        error: String? = nil,
        at: Int64
    ) {
        self.id = id
        self.state = state
        self.attempt = attempt
        self.queue = queue
        self.worker = worker
        self.progress = progress
        self.note = note
        self.error = error
        self.at = at
    }
}
