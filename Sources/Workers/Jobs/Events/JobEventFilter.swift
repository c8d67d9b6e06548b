import FlotillaStorage

/// Which jobs a stream of all of them tells of.
struct JobEventFilter: Sendable, Hashable {
    var type: String?
    var batch: String?
    var key: String?

    func matches(_ job: Job) -> Bool {
        (type == nil || type == job.type) && (batch == nil || batch == job.batch) && (key == nil || key == job.key)
    }
}
