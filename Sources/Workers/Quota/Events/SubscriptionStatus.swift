/// Where a subscription has come to.
package enum SubscriptionStatus: String, Sendable, Hashable, CaseIterable {
    /// Known, and not paid for.
    case created
    case active
    /// Ended before its time, or as it had been told to.
    case cancelled
    /// Ran out.
    case expired

    package var isFinal: Bool { self == .cancelled || self == .expired }

    /// Reads the words that services use.
    init?(word: String) {
        switch word.lowercased() {
        case "created", "pending", "incomplete": self = .created
        case "active", "trialing": self = .active
        case "cancelled", "canceled": self = .cancelled
        case "expired", "ended": self = .expired
        default: return nil
        }
    }
}
