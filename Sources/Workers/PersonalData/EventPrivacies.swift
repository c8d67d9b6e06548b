import Synchronization

/// The ``EventPrivacy`` of the events that have come by.
package final class EventPrivacies: Sendable {
    package static let shared = EventPrivacies()

    /// Names of events come from outside: after this many the cache is emptied.
    private static let limit = 1_000
    private let known = Mutex<[String: EventPrivacy]>([:])

    package func privacy(of event: String) -> EventPrivacy {
        if let privacy = known.withLock({ $0[event] }) { return privacy }
        let privacy = EventPrivacy(event)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[event] = privacy
        }
        return privacy
    }
}
