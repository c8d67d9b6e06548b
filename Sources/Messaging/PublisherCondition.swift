package enum PublisherCondition: Sendable, Hashable {
    case connected
    /// The broker takes no messages for now: it is short of memory or disk.
    case blocked(reason: String)
    case disconnected(reason: String)
}
