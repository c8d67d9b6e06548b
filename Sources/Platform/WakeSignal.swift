import CFlotillaLinux
import Glibc

/// A descriptor that one thread can poll and any thread can make readable.
package final class WakeSignal: Sendable {
    package let descriptor: CInt

    package init() {
        descriptor = fleet_eventfd()
        precondition(descriptor >= 0, "eventfd failed: \(errno)")
    }

    deinit { _ = Glibc.close(descriptor) }

    package func signal() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor, &one, 8)
    }

    /// Makes the descriptor unreadable until the next signal.
    package func reset() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor, &count, 8)
    }
}
