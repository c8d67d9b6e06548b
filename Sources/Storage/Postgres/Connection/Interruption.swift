import FlotillaPlatform
import Synchronization

/// Lets the cancellation of a task reach the thread that waits on the socket for it.
final class Interruption: Sendable {
    private let flag = Atomic(false)
    private let wake: WakeSignal

    init(_ wake: WakeSignal) { self.wake = wake }

    var isRequested: Bool { flag.load(ordering: .acquiring) }

    func request() {
        flag.store(true, ordering: .releasing)
        wake.signal()
    }
}
