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
