package import FlotillaLocalization
import FlotillaModels

/// What one step has to do for an entry whose time has come.
package struct CronPlan: Sendable, Hashable {
    /// The nominal times that are to run, the earliest first.
    package private(set) var runs: [Int64] = []
    /// Nominal times that are too old.
    package private(set) var missed = 0
    /// The first nominal time that this step leaves; `nil` when the schedule has ended.
    package private(set) var next: Int64?

    /// One step of an entry that has much to catch up.
    package static let mostRuns = 50
    private static let mostTimes = 20_000

    /// - Parameters:
    ///   - first: the nominal time that is due.
    ///   - now: microseconds since 1970.
    package init(_ schedule: CronSchedule, _ zone: NamedTimeZone, from first: Int64, at now: Int64, catchUp: Duration) {
        let oldest = now - catchUp.milliseconds * 1_000
        var times = 0
        next = first
        while let nominal = next, nominal <= now, runs.count < Self.mostRuns, times < Self.mostTimes {
            if nominal < oldest { missed += 1 } else { runs.append(nominal) }
            times += 1
            next = schedule.next(after: nominal, in: zone)
        }
    }
}
