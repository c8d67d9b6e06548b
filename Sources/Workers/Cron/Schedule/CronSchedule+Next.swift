package import FlotillaLocalization
import FlotillaModels

/// What comes next, where clocks are set forward and back as well.
///
/// The rules are those of the Open Cron Pattern Specification 1.4. A time whose hour is fixed is meant as people mean it: it
/// comes once a day. Where clocks skip it, it comes when they have done so; where they show it twice, at the first. A schedule
/// whose hour begins with `*` is meant by the time that passes: it comes whenever clocks show a time that fits, at both.
extension CronSchedule {
    /// The first instant after another; `nil` when there is none within 50 years.
    ///
    /// - Parameter moment: microseconds since 1970, as the answer is.
    package func next(after moment: Int64, in zone: NamedTimeZone) -> Int64? {
        switch rule {
        case .every(let period):
            let length = period.milliseconds * 1_000
            return (moment.flooredQuotient(by: length) + 1) * length
        case .calendar(let calendar):
            let local = LocalCalendar(calendar, zone)
            return calendar.hours.isWildcard ? local.nextShown(after: moment) : local.nextFixed(after: moment)
        }
    }

    /// The first few instants after another.
    package func upcoming(_ count: Int, after moment: Int64, in zone: NamedTimeZone) -> [Int64] {
        var found: [Int64] = []
        while found.count < count, let next = next(after: found.last ?? moment, in: zone) { found.append(next) }
        return found
    }
}

/// A calendar on the clocks of one zone.
private struct LocalCalendar {
    private static let minute: Int64 = 60_000_000
    private static let day: Int64 = 86_400_000_000

    let calendar: CronCalendar
    let zone: NamedTimeZone

    init(_ calendar: CronCalendar, _ zone: NamedTimeZone) {
        self.calendar = calendar
        self.zone = zone
    }

    /// Each time that fits is one instant.
    func nextFixed(after moment: Int64) -> Int64? {
        var local = next(after: moment + zone.offset(at: moment))
        while let shown = local {
            let instant = zone.moment(local: shown)
            if instant > moment { return instant }
            local = next(after: shown)
        }
        return nil
    }

    /// Each instant at which clocks show a time that fits.
    func nextShown(after moment: Int64) -> Int64? {
        let repeated = nextRepeated(after: moment)
        var local = next(after: moment + zone.offset(at: moment))
        while let shown = local {
            // No place changes its clocks twice within two days, nor by more than a day.
            let offsets = [zone.offset(at: shown - Self.day), zone.offset(at: shown + Self.day)]
            let instants = offsets.map { (shown - $0, $0) }.filter { zone.offset(at: $0.0) == $0.1 }.map(\.0)
            if let instant = instants.filter({ $0 > moment }).min() { return min(instant, repeated ?? instant) }
            local = next(after: shown)
        }
        return repeated
    }

    /// The first instant, after clocks will have been set back, at which they show again a time that has been.
    private func nextRepeated(after moment: Int64) -> Int64? {
        let (now, later) = (zone.offset(at: moment), zone.offset(at: moment + 2 * Self.day))
        guard later < now else { return nil }
        let change = zone.change(between: moment, and: moment + 2 * Self.day)
        guard let shown = next(after: change + later - 1), shown <= moment + now else { return nil }
        return shown - later
    }

    /// The first time that fits and is later than another, both as clocks show them.
    private func next(after local: Int64) -> Int64? {
        calendar.next(from: local.flooredQuotient(by: Self.minute) + 1).map { $0 * Self.minute }
    }
}
