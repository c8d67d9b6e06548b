package import FlotillaModels

/// `search.performed`: somebody has searched for profiles.
///
/// The company is that for which the search was made. A search that nobody made for a company, as operators do, has
/// none, and counts against nobody's quota.
package struct SearchPerformed: Decodable, WholeBody, Sendable, Hashable {
    package static let event = "search.performed"

    package let companyID: String?
    package let userID: String?
    package let searchID: String?
    /// Microseconds since 1970.
    package let occurredAt: Int64?

    package init(companyID: String?, userID: String? = nil, searchID: String? = nil, occurredAt: Int64? = nil) {
        self.companyID = companyID
        self.userID = userID
        self.searchID = searchID
        self.occurredAt = occurredAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.identifier("companyId", "company_id", "customerId", "customer_id")
        userID = try fields.identifier("userId", "user_id", "recruiterId", "recruiter_id")
        searchID = try fields.identifier("searchId", "search_id")
        occurredAt = try fields.time("occurredAt", "occurred_at", "timestamp")
    }
}
