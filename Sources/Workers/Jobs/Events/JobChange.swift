import FlotillaModels
import FlotillaModules
import FlotillaStorage

/// A job as it is now: its record, and what Redis says of it.
struct JobChange: Sendable, Hashable {
    let job: Job
    /// `nil` for one that does not fit the record.
    let live: JobSnapshot?

    init(_ job: Job, _ live: JobSnapshot?) {
        self.job = job
        var shown = job.merged(with: live).live
        // Not shown to anybody.
        shown?.updatedAt = nil
        shown?.queuedAt = nil
        shown?.finishedAt = nil
        self.live = shown
    }

    var state: JobState { job.merged(with: live).state }
}
