/// `search.performed`: somebody has searched for candidates.
///
/// `companyId` (also `company_id`, `customerId`, `customer_id`) is whose quota it counts against. A search by somebody of
/// no company, such as an administrator, has none and counts nowhere. The time is `occurredAt` or `timestamp`.
public struct SearchPerformed: Decodable, WholeBody, Sendable, Hashable {
    public static let event = "search.performed"

    public let companyID: String?
    /// Microseconds since 1970.
    public let occurredAt: Int64?

    public init(companyID: String?, occurredAt: Int64? = nil) {
        self.companyID = companyID
        self.occurredAt = occurredAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.identifier("companyId", "company_id", "customerId", "customer_id")
        occurredAt = try fields.time("occurredAt", "occurred_at", "timestamp")
    }
}
