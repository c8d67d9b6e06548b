import FlotillaModels

/// What an event says of a profile.
package struct ProfileChange: Sendable, Hashable {
    package enum Kind: Sendable, Hashable, CaseIterable {
        case validated, updated, rejected
    }

    package var profileID: String
    /// The ids of the person, of whom the services know one or two.
    package var userIDs: [String]
    package var fields: ProfileFields
    /// The state of the profile that an update tells; `nil` when it tells none.
    package var state: ProfileState?
    /// Microseconds since 1970.
    package var occurredAt: Int64?

    package init(
        profileID: String,
        userIDs: [String] = [],
        fields: ProfileFields = [:],
        state: ProfileState? = nil,
        occurredAt: Int64? = nil
    ) {
        self.profileID = profileID
        self.state = state
        self.userIDs = userIDs
        self.fields = fields
        self.occurredAt = occurredAt
    }

    /// - Parameters:
    ///   - times: what the event's time may be called, besides the names that every event may use.
    ///   - hasFields: whether the event's fields are the profile's.
    init(_ body: [UInt8], times: [String], hasFields: Bool) throws(InvalidPayload) {
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
        let names = ["newStatus", "new_status", "profileStatus", "profile_status", "status"]
        state = (try? fields.identifier(among: names)).flatMap(ProfileState.init)
        self.fields = hasFields ? try ProfileFieldReader(fields).read() : [:]
    }
}
