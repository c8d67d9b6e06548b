/// How often a job is executed when it has a number of its own, in place of its queue's policy.
package enum JobAttempts {
    /// What an enqueue may ask for.
    package static let allowed = 1...100

    /// The number that the message of a job brings along in `retry-max`; `nil` when the queue's policy decides.
    ///
    /// Anybody can write the header, so it counts only beside `job-id`, as an integer, and within ``allowed``. On an
    /// event it is what an earlier retry noted of the policy, which may have changed since.
    package static func own(_ headers: HeaderTable) -> Int? {
        guard headers[FleetHeader.jobID]?.text != nil, let count = headers[FleetHeader.retryMax]?.count,
            allowed.contains(count)
        else { return nil }
        return count
    }
}
