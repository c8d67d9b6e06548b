package enum PublisherCondition: Sendable, Hashable {
    case connected
    /// The broker takes no messages for now: it is short of memory or disk.
    case blocked(reason: String)
    case disconnected(reason: String)
}

extension PublisherCondition: CustomStringConvertible {
    package var description: String {
        switch self {
        case .connected: "connected"
        case .blocked(let reason): "blocked, \(reason)"
        case .disconnected(let reason): "no connection, \(reason)"
        }
    }
}
