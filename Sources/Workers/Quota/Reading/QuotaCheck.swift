/// Whether a use lies within a quota. It reserves nothing: the use counts when its event comes.
package struct QuotaCheck: Sendable, Hashable {
    package var amount: Int64
    package var status: QuotaStatus

    package var isAllowed: Bool { status.remaining.map { amount <= $0 } ?? true }
    /// What may still be used; `nil` is unlimited.
    package var remaining: Int64? { status.remaining }
}
