import FlotillaPlatform

/// A search for profiles, checked and in the form in which the index compares.
package struct ProfileQuery: Sendable, Hashable {
    package enum Sort: String, Sendable, CaseIterable {
        /// The best match first; of a search without words that have to be there, the highest score.
        case relevance
        case score
        case experience
        /// The latest event first.
        case newest
    }

    /// A lowest and a highest value, both included.
    package struct Bounds: Sendable, Hashable {
        package let lowest: Double?
        package let highest: Double?

        package init(lowest: Double?, highest: Double?) {
            self.lowest = lowest
            self.highest = highest
        }
    }

    /// Words, `"phrases"`, `or`, and `-excluded` ones; `nil` finds everything.
    package let text: String?
    /// All of them are required.
    package let skills: [String]
    package let sector: String?
    package let experience: Bounds?
    package let score: Bounds?
    package let sort: Sort

    package init(
        text: String? = nil,
        skills: [String] = [],
        sector: String? = nil,
        experience: Bounds? = nil,
        score: Bounds? = nil,
        sort: Sort = .relevance
    ) {
        let words = text.map { SearchText.meaningfulDashes(SearchText.words($0)) }
        self.text = words.flatMap { $0.contains { $0 != " " } ? $0 : nil }
        self.skills = Set(skills.map(SearchText.key).filter { !$0.isEmpty }).sorted()
        self.sector = sector.map(SearchText.key)
        self.experience = experience
        self.score = score
        self.sort = sort
    }

    /// What the results are in order of: where no word has to be there, all are equally relevant, and the score decides.
    var order: Sort { sort == .relevance && !asksForWords ? .score : sort }

    /// Whether there are words or phrases by which one result can be more relevant than another.
    var asksForWords: Bool {
        WebQuery(text ?? "").alternatives.contains { $0.contains { !$0.isExcluded } }
    }

    /// Its words of three letters and more; at most eight.
    var words: [String] {
        let words = (text ?? "").utf8.split { !$0.belongsToWord }.map { String(Substring($0)) }
        return Array(words.filter { $0.utf8.count > 2 }.prefix(8))
    }

    /// Whether some words or phrases must not be there.
    var hasExclusions: Bool { (text ?? "").split(separator: " ").contains { $0.contains("-") } }

    /// Whether it is of words alone, and not of phrases, alternatives and exclusions, which are meant as they stand.
    var mayHaveTypos: Bool {
        guard let text, !words.isEmpty else { return false }
        return !text.contains("\"") && text.split(separator: " ").allSatisfy { $0 != "or" && !$0.hasPrefix("-") }
    }

    /// Tells a cursor of this search from those of others.
    var fingerprint: String {
        func text(_ bounds: Bounds?) -> String {
            bounds.map { "\($0.lowest.map { "\($0)" } ?? "")…\($0.highest.map { "\($0)" } ?? "")" } ?? ""
        }
        let parts = [
            self.text ?? "", skills.joined(separator: "\u{1f}"), sector ?? "", text(experience), text(score),
            sort.rawValue,
        ]
        return String(SHA256.digest(parts.joined(separator: "\u{1e}")).prefix(6).hexadecimal)
    }
}
