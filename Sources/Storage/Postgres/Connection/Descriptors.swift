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
        while true {
            let wakeDescriptor = wake?.descriptor ?? -1
            if wake?.isSignalled == true { return Readiness(isWoken: true) }
            // Without a descriptor the signal is looked at in short intervals.
            let isBlind = wake != nil && wakeDescriptor < 0
            let left = ContinuousClock.now.duration(to: deadline)
            var descriptors = [
                pollfd(fd: socket, events: events, revents: 0),
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            let wait = isBlind ? min(left, WakeSignal.pollInterval) : left
            let count = unsafe poll(&descriptors, 2, CInt(clamping: wait.roundedMilliseconds))
            if isBlind, count == 0, left > wait { continue }
            return Readiness(
                hasEvent: descriptors[0].revents != 0,
                isWoken: descriptors[1].revents != 0,
                hasTimedOut: count == 0
            )
        }
    }

    static func isReadable(_ descriptor: CInt) -> Bool {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        return unsafe poll(&descriptors, 1, 0) != 0
    }
}

extension Duration {
    /// Not less than it is; 0 for what is over.
    fileprivate var roundedMilliseconds: Int64 {
        self > .zero ? components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 + 1 : 0
    }
}
