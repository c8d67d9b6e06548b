/// A subscription as its row has it. Times are microseconds since 1970.
package struct SubscriptionRecord: Sendable, Hashable {
    package var id: String
    package var plan: String
    package var status: SubscriptionStatus
    /// The period that was begun last; `nil` before the first payment.
    package var periodStart: Int64?
    package var periodEnd: Int64?
    package var cancelsAtEnd: Bool
    package var createdAt: Int64
    package var endedAt: Int64?
}
