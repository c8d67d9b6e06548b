import FlotillaPlatform
import Glibc

/// Waiting on descriptors with `poll`.
enum Descriptors {
    struct Readiness {
        var hasEvent = false
        var isWoken = false
        var hasTimedOut = false
    }

    /// Waits for events on a socket, for the signal, or until the deadline. Errors and hang-ups count as events.
    static func wait(
        for events: Int16,
        on socket: CInt,
        or wake: WakeSignal?,
        until deadline: ContinuousClock.Instant
    ) -> Readiness {
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: wake?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        let left = ContinuousClock.now.duration(to: deadline)
        let milliseconds =
            left > .zero ? left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1 : 0
        let count = unsafe poll(&descriptors, 2, CInt(clamping: milliseconds))
        return Readiness(
            hasEvent: descriptors[0].revents != 0,
            isWoken: descriptors[1].revents != 0,
            hasTimedOut: count == 0
        )
    }

    static func isReadable(_ descriptor: CInt) -> Bool {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        return unsafe poll(&descriptors, 1, 0) != 0
    }
}
