/// A page of what a search found.
package struct SearchPage: Sendable {
    package var profiles: [FoundProfile]
    /// For the next page; `nil` on the last.
    package var nextCursor: String?
    package var match: SearchCursor.Match
    /// Of the first page alone.
    package var overview: SearchOverview?
}

/// One profile as the records have it.
package struct FoundProfile: Sendable {
    package let profileID: String
    /// How well it matches the text; `nil` without one.
    package let relevance: Double?
    /// JSON objects: the fields that tell who it is, and the others.
    package let personal: String
    package let fields: String
    /// Microseconds since 1970; of the latest event.
    package let eventAt: Int64
}

/// All that a search found, counted.
package struct SearchOverview: Sendable {
    package struct Count: Sendable, Hashable {
        package let value: String
        package let count: Int
    }

    /// Beyond this many, results are not counted.
    package static let limit = 10_000

    package var total = 0
    /// False when there are more than ``limit``; the counts are then those of as many.
    package var isExact = true
    package var skills: [Count] = []
    package var sectors: [Count] = []
    /// By ``experienceBounds``.
    package var experience: [Count] = []
    package var lowestScore: Double?
    package var highestScore: Double?
    package var averageScore: Double?
}

/// Answers searches.
package protocol SearchEngine: Sendable {
    /// - Parameters:
    ///   - cursor: where the page begins; `nil` is the first page.
    ///   - limit: at least 1.
    func search(_ query: ProfileQuery, after cursor: SearchCursor?, limit: Int) async throws -> SearchPage
}
