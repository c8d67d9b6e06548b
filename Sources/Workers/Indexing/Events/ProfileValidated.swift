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
