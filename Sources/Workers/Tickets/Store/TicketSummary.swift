/// The sum of a job.
package struct TicketSummary: Sendable, Hashable {
    package let total: Int
    package let successful: Int
    package let failed: Int
    /// Milliseconds.
    package let processingTime: Int64
}
