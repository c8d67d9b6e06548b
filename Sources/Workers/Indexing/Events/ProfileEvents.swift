package import FlotillaModels

/// `profile.validated`: a profile may be found from now on.
///
/// ```json
/// {"profileId": "p-1", "userId": "u-1", "occurredAt": "2026-01-30T03:00:00Z", "title": "Développeuse Swift",
///  "skills": ["Swift", {"name": "PostgreSQL", "level": "expert"}], "experienceYears": 7, "sector": "IT"}
/// ```
/// Names in snake case are read too, and those inside `data` or `profile`. Every field of ``ProfileField`` may be there;
/// those that are not stay as they are known.
package struct ProfileValidated: Decodable, WholeBody, ProfileEvent {
    package static let event = "profile.validated"
    package static var kind: ProfileChange.Kind { .validated }

    package let change: ProfileChange

    package init(body: [UInt8]) throws(InvalidPayload) {
        change = try ProfileChange(body, times: ["validatedAt", "validated_at"], hasFields: true)
    }
}

/// `profile.updated`: some of a profile's fields have changed; the others stay as they are.
package struct ProfileUpdated: Decodable, WholeBody, ProfileEvent {
    package static let event = "profile.updated"
    package static var kind: ProfileChange.Kind { .updated }

    package let change: ProfileChange

    package init(body: [UInt8]) throws(InvalidPayload) {
        change = try ProfileChange(body, times: ["updatedAt", "updated_at"], hasFields: true)
    }
}

/// `profile.rejected`: a profile must not be found any more, until a later event validates it again.
package struct ProfileRejected: Decodable, WholeBody, ProfileEvent {
    package static let event = "profile.rejected"
    package static var kind: ProfileChange.Kind { .rejected }

    package let change: ProfileChange

    package init(body: [UInt8]) throws(InvalidPayload) {
        change = try ProfileChange(body, times: ["rejectedAt", "rejected_at"], hasFields: false)
    }
}

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

/// An event about one profile.
package protocol ProfileEvent: Decodable, Sendable {
    static var event: String { get }
    static var kind: ProfileChange.Kind { get }
    var change: ProfileChange { get }
}

/// What an event says of a profile.
package struct ProfileChange: Sendable, Hashable {
    package enum Kind: Sendable, Hashable, CaseIterable {
        case validated, updated, rejected
    }

    package var profileID: String
    /// The ids of the person, of whom the services know one or two.
    package var userIDs: [String]
    package var fields: ProfileFields
    /// Microseconds since 1970.
    package var occurredAt: Int64?

    package init(profileID: String, userIDs: [String] = [], fields: ProfileFields = [:], occurredAt: Int64? = nil) {
        self.profileID = profileID
        self.userIDs = userIDs
        self.fields = fields
        self.occurredAt = occurredAt
    }

    /// - Parameters:
    ///   - times: what the event's time may be called, besides the names that every event may use.
    ///   - hasFields: whether the event's fields are the profile's.
    fileprivate init(_ body: [UInt8], times: [String], hasFields: Bool) throws(InvalidPayload) {
        var fields = try EventFields(body)
        try fields.lookInto("profile", "candidate")
        let candidate = try fields.identifier("candidateId", "candidate_id")
        // `id` alone is that of the event as often as that of the profile.
        var id = try fields.identifier("profileId", "profile_id")
        if id == nil { id = candidate }
        if id == nil { id = try fields.identifier("id") }
        guard let id else { throw InvalidPayload(field: "profileId", problem: "missing") }
        profileID = id
        userIDs = try [fields.identifier("userId", "user_id"), candidate].compactMap { $0 }
        var time = try fields.time("occurredAt", "occurred_at", "timestamp")
        for name in times where time == nil { time = try fields.time(name) }
        occurredAt = time
        self.fields = hasFields ? try ProfileFieldReader(fields).read() : [:]
    }
}
