/// What a quota counts.
package enum QuotaKind: String, Sendable, Hashable, CaseIterable {
    /// Candidates' profiles that somebody of the company has looked at: `profile.viewed`.
    case profileViews = "profile_views"
    /// Searches by somebody of the company: `search.performed`.
    case searches
}
