package import FlotillaModels

/// `profile.viewed`: somebody of a company has looked at a candidate's profile.
///
/// Needs `companyId`, also read as `company_id`, `customerId` or `customer_id`; ids are strings or integers. The time is
/// `occurredAt` or `timestamp`.
package struct ProfileViewed: Decodable, WholeBody, Sendable, Hashable {
    package static let event = "profile.viewed"

    package let companyID: String
    package let profileID: String?
    package let viewerID: String?
    /// Microseconds since 1970.
    package let occurredAt: Int64?

    package init(companyID: String, profileID: String? = nil, viewerID: String? = nil, occurredAt: Int64? = nil) {
        self.companyID = companyID
        self.profileID = profileID
        self.viewerID = viewerID
        self.occurredAt = occurredAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        let fields = try EventFields(body)
        companyID = try fields.requiredIdentifier("companyId", "company_id", "customerId", "customer_id")
        profileID = try fields.identifier("profileId", "profile_id", "candidateId", "candidate_id")
        viewerID = try fields.identifier("viewerId", "viewer_id", "recruiterId", "recruiter_id", "userId", "user_id")
        occurredAt = try fields.time("occurredAt", "occurred_at", "timestamp")
    }
}
