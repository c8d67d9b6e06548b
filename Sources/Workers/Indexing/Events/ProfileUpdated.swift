package import FlotillaModels

/// `profile.updated`: some of a profile's fields have changed; the others stay as they are.
///
/// A `status` other than VALIDATED takes the profile out of the search, until an event validates it again.
package struct ProfileUpdated: Decodable, WholeBody, ProfileEvent {
    package static let event = "profile.updated"
    package static var kind: ProfileChange.Kind { .updated }

    package let change: ProfileChange

    package init(body: [UInt8]) throws(InvalidPayload) {
        change = try ProfileChange(body, times: ["updatedAt", "updated_at"], hasFields: true)
    }
}
