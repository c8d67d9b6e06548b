/// Who goes first when notifications wait for a provider's rate.
package enum NotificationPriority: String, Sendable, Hashable, CaseIterable {
    case high
    case normal
}
