import Glibc
import Synchronization

/// Where it is reported that the kernel refuses a thread or a descriptor.
///
/// Whoever meets a refusal goes on as well as can be and tries again; the process says what is told, if anything.
package enum ResourceShortage {
    package typealias Observer = @Sendable (_ what: String, _ reason: String) -> Void

    private struct State {
        var observer: Observer?
        var reportedAt: [String: ContinuousClock.Instant] = [:]
    }

    /// The same shortage is told once in this time.
    private static let interval = Duration.seconds(10)
    private static let state = Mutex(State())

    /// Has `observer` called with what is short, `a thread`, and the system's words for why; it replaces an earlier one.
    package static func observe(_ observer: @escaping Observer) { state.withLock { $0.observer = observer } }

    package static func report(_ what: String, _ code: CInt) {
        let observer = state.withLock { state -> Observer? in
            if let last = state.reportedAt[what], .now - last < interval { return nil }
            state.reportedAt[what] = .now
            return state.observer
        }
        observer?(what, unsafe String(cString: strerror(code)))
    }
}
