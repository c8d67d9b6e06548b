import CFlotillaLinux
import Glibc
import Synchronization

/// An `eventfd`, which any thread makes readable and one thread polls.
///
/// The kernel may have no descriptor left. Then ``descriptor`` is -1, which `poll` passes over, and each look at it asks
/// again: meanwhile the thread that polls has to look by itself every ``pollInterval``.
final class EventDescriptor: Sendable {
    static let pollInterval = Duration.milliseconds(10)

    private let stored = Atomic<CInt>(-1)
    private let make: @Sendable () -> CInt

    /// - Parameter make: asks the kernel; -1 when it has none.
    init(make: @escaping @Sendable () -> CInt = { fleet_eventfd() }) {
        self.make = make
        _ = descriptor
    }

    deinit {
        let stored = stored.load(ordering: .relaxed)
        if stored >= 0 { _ = Glibc.close(stored) }
    }

    var descriptor: CInt {
        let current = stored.load(ordering: .acquiring)
        if current >= 0 { return current }
        let new = make()
        guard new >= 0 else {
            ResourceShortage.report("a descriptor", errno)
            return -1
        }
        let (isStored, existing) = stored.compareExchange(expected: -1, desired: new, ordering: .acquiringAndReleasing)
        if isStored { return new }
        _ = Glibc.close(new)
        return existing
    }

    func signal() {
        let current = stored.load(ordering: .acquiring)
        guard current >= 0 else { return }
        var one: UInt64 = 1
        _ = unsafe write(current, &one, 8)
    }

    /// Makes the descriptor unreadable until the next signal.
    func reset() {
        let current = stored.load(ordering: .acquiring)
        guard current >= 0 else { return }
        var count: UInt64 = 0
        _ = unsafe read(current, &count, 8)
    }
}
