import Glibc
import Synchronization

/// A descriptor that one thread can poll and any thread can make readable.
///
/// Where the kernel has no descriptor left, ``descriptor`` is -1: who waits looks at ``isSignalled`` in short intervals.
package final class WakeSignal: Sendable {
    /// How often to look at ``isSignalled`` without a descriptor.
    package static var pollInterval: Duration { EventDescriptor.pollInterval }

    private let event = EventDescriptor()
    private let signalled = Atomic<Bool>(false)

    package init() {}

    package var descriptor: CInt { event.descriptor }

    package var isSignalled: Bool { signalled.load(ordering: .acquiring) }

    package func signal() {
        signalled.store(true, ordering: .releasing)
        event.signal()
    }

    /// Makes the descriptor unreadable until the next signal.
    package func reset() {
        // In this order, so that a signal that comes in between is not lost.
        signalled.store(false, ordering: .releasing)
        event.reset()
    }
}
