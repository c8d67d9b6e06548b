import FlotillaPlatform
import Glibc
import Synchronization

/// Ends a library call that lasts too long, by shutting its socket down from another thread.
///
/// A send can wait for ever when the broker has stopped reading. The owner marks its progress; when a marked call
/// makes none for `limit`, the socket is shut down and the call returns with an error on its own thread.
final class SendWatchdog: Sendable {
    private struct State {
        var descriptor: CInt?
        var seen: UInt64 = 0
        var since = ContinuousClock.now
    }

    private static let executor = ThreadExecutor(name: "amqp-watchdog")
    private static let watched = Mutex<[ObjectIdentifier: SendWatchdog]>([:])

    /// Odd while a call is running.
    private let steps = Atomic<UInt64>(0)
    private let state: Mutex<State>
    private let limit: Duration

    init(descriptor: CInt, limit: Duration) {
        state = Mutex(State(descriptor: descriptor))
        self.limit = limit
        let isFirst = Self.watched.withLock { watched in
            watched[ObjectIdentifier(self)] = self
            return watched.count == 1
        }
        if isFirst { Self.executor.tick(every: .milliseconds(250)) { Self.look() } }
    }

    func began() { steps.add(1, ordering: .relaxed) }
    func progressed() { steps.add(2, ordering: .relaxed) }
    func ended() { steps.add(1, ordering: .relaxed) }

    /// To be called before the descriptor is closed: afterwards its number may belong to another socket.
    func forget() {
        state.withLock { $0.descriptor = nil }
        _ = Self.watched.withLock { $0.removeValue(forKey: ObjectIdentifier(self)) }
    }

    private static func look() {
        let all = watched.withLock { Array($0.values) }
        let now = ContinuousClock.now
        for watchdog in all { watchdog.look(at: now) }
    }

    private func look(at now: ContinuousClock.Instant) {
        let step = steps.load(ordering: .relaxed)
        state.withLock { state in
            if step != state.seen || step % 2 == 0 {
                state.seen = step
                state.since = now
            } else if now - state.since >= limit, let descriptor = state.descriptor {
                _ = Glibc.shutdown(descriptor, CInt(SHUT_RDWR))
            }
        }
    }
}
