package import FlotillaStorage

/// Takes note of the live state of jobs. A projection: no call throws or waits long.
package protocol JobTracker: Sendable {
    func record(_ changes: [JobStateChange]) async
}

extension JobStates: JobTracker {
    package func record(_ changes: [JobStateChange]) async { await update(changes) }
}

/// Tracks nothing, for processes without Redis.
package struct NoTracker: JobTracker {
    package init() {}

    package func record(_ changes: [JobStateChange]) async {}
}
