/// The state that an update says a profile is in, as far as the search cares.
package enum ProfileState: Sendable, Hashable {
    case validated
    /// A draft, submitted, in review, rejected, archived, or whatever services have besides.
    case other

    /// - Returns: `nil` for a word that is about the update and not about the profile.
    init?(word: String) {
        switch word.lowercased() {
        case "validated", "valid", "approved", "active", "published", "validé", "validée": self = .validated
        case "success", "succeeded", "ok", "updated", "done", "": return nil
        default: self = .other
        }
    }
}
