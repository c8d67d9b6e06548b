/// `profile.viewed`: somebody of a company has looked at a candidate's profile.
///
/// Needs `companyId`, also read as `company_id`, `customerId` or `customer_id`; ids are strings or integers. The time is
/// `occurredAt` or `timestamp`.
public struct ProfileViewed: Decodable, WholeBody, Sendable, Hashable {
    public static let event = "profile.viewed"

    public let companyID: String
    public let profileID: String?
    public let viewerID: String?
    /// Microseconds since 1970.
    public let occurredAt: Int64?

    public init(companyID: String, profileID: String? = nil, viewerID: String? = nil, occurredAt: Int64? = nil) {
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
