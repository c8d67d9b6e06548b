import Synchronization

/// Tells when the clocks of a place show a time.
package protocol LocalTimeZone: Sendable {
    /// By its IANA name: `Europe/Paris`.
    var name: String { get }

    /// The moment at which clocks show a time. One that they show twice, when they are set back, is the first of the two; one
    /// that they skip, when they are set forward, is the moment at which they do.
    ///
    /// - Parameter local: what they show, in microseconds since 1970 as if it were UTC.
    /// - Returns: microseconds since 1970.
    func moment(local: Int64) -> Int64
}

/// The zone in which times without an offset are read where the message names none: one for the whole process, as `TZ` is.
package enum AssumedZone {
    private struct UTC: LocalTimeZone {
        var name: String { "UTC" }
        func moment(local: Int64) -> Int64 { local }
    }

    private static let ofProcess = Mutex<any LocalTimeZone>(UTC())

    /// Takes the process's place within a task and its children.
    @TaskLocal package static var ofTask: (any LocalTimeZone)?

    package static var current: any LocalTimeZone { ofTask ?? ofProcess.withLock { $0 } }

    /// Set by the program when it has read its settings; UTC before.
    package static func set(_ zone: any LocalTimeZone) { ofProcess.withLock { $0 = zone } }
}
