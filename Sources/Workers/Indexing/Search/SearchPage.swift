/// A page of what a search found.
package struct SearchPage: Sendable {
    package var profiles: [FoundProfile]
    /// For the next page; `nil` on the last.
    package var nextCursor: String?
    package var match: SearchCursor.Match
    /// Of the first page alone.
    package var overview: SearchOverview?
}
