package import FlotillaModels

/// `user.deleted`: a person has left; nothing of their profiles may stay.
package struct UserDeleted: Decodable, WholeBody, Sendable, Hashable {
    package static let event = "user.deleted"

    package let userID: String
    /// Microseconds since 1970.
    package let occurredAt: Int64?

    package init(userID: String, occurredAt: Int64? = nil) {
        self.userID = userID
        self.occurredAt = occurredAt
    }

    package init(body: [UInt8]) throws(InvalidPayload) {
        var fields = try EventFields(body)
        try fields.lookInto("user")
        userID = try fields.requiredIdentifier("userId", "user_id", "candidateId", "candidate_id", "id")
        occurredAt = try fields.time("occurredAt", "occurred_at", "timestamp", "deletedAt", "deleted_at")
    }
}
