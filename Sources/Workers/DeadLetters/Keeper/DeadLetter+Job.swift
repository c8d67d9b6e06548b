import FlotillaModels
import FlotillaPlatform
import FlotillaStorage

extension DeadLetter {
    /// The end of the job that the message carried out, for its live state; `nil` when it carried out none.
    var jobEnd: JobStateChange? {
        jobID.map { id in
            JobStateChange(
                jobID: id,
                attempt: max(attempts, 1),
                state: .dead,
                worker: worker,
                lastError: "\(failure.type): \(failure.message)",
                at: WallClock.microseconds()
            )
        }
    }
}
