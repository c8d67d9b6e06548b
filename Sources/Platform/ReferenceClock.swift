import Glibc
import Synchronization

/// The time of day by another machine's clock, which many processes share: the database's.
///
/// Each measurement ties the machine's uptime to it, so that between measurements nobody who sets this machine's clock
/// moves it. Without any it shows this machine's time.
package final class ReferenceClock: Sendable {
    /// The one that ``WallClock`` shows.
    package static let process = ReferenceClock()

    private static let unknown = Int64.min

    /// What uptime lacks to the reference's time, in microseconds.
    private let offset = Atomic(ReferenceClock.unknown)

    package init() {}

    /// Microseconds since 1970.
    package func microseconds() -> Int64 {
        let offset = offset.load(ordering: .relaxed)
        return offset == Self.unknown ? WallClock.machine() : Self.uptime() + offset
    }

    /// By how many microseconds this machine's clock is ahead; `nil` before the first measurement.
    package var skew: Int64? {
        let offset = offset.load(ordering: .relaxed)
        return offset == Self.unknown ? nil : WallClock.machine() - Self.uptime() - offset
    }

    /// Takes over a time that was read somewhere between `sentAt` and now, by ``uptime()``.
    ///
    /// What is known already, and else this machine's clock, is kept where it agrees with that: no measurement is more
    /// exact than the way to the other machine is short.
    package func adopt(_ time: Int64, sentAt: Int64) {
        adopt(time, sentAt: sentAt, receivedAt: Self.uptime(), machine: WallClock.machine())
    }

    func adopt(_ time: Int64, sentAt: Int64, receivedAt: Int64, machine: Int64) {
        let accepted = (time - receivedAt)...(time - min(sentAt, receivedAt))
        let known = offset.load(ordering: .relaxed)
        if known != Self.unknown, accepted.contains(known) { return }
        let own = machine - receivedAt
        let middle = accepted.lowerBound + (accepted.upperBound - accepted.lowerBound) / 2
        offset.store(accepted.contains(own) ? own : middle, ordering: .relaxed)
    }

    /// Microseconds since this machine started, the time that it slept included.
    package static func uptime() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_BOOTTIME, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }
}
