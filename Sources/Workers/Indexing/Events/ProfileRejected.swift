package import FlotillaModels

/// `profile.rejected`: a profile must not be found any more, until a later event validates it again.
package struct ProfileRejected: Decodable, WholeBody, ProfileEvent {
    package static let event = "profile.rejected"
    package static var kind: ProfileChange.Kind { .rejected }

    package let change: ProfileChange

    package init(body: [UInt8]) throws(InvalidPayload) {
        change = try ProfileChange(body, times: ["rejectedAt", "rejected_at"], hasFields: false)
    }
}
