import FlotillaModels

/// What can be found of a visible profile: folded texts by weight, and the values to filter and sort by. No names.
package struct SearchDocument: Sendable, Hashable {
    package let profileID: String
    /// `fr`, `en`, another, or `nil` when no event has said.
    package let language: String?
    /// The texts by weight: the title; skills, sector and location; titles and companies of experiences; all others.
    package let title: String
    package let keywords: String
    package let context: String
    package let body: String
    /// The names of the skills as filters compare them, each once, in order.
    package let skills: [String]
    package let sector: String?
    package let experienceYears: Double?
    package let score: Double?
    /// Microseconds since 1970; of the latest event.
    package let eventAt: Int64

    /// Longer texts are cut off for the search; Postgres can't hold the words of much more.
    private static let limit = 150_000

    /// `nil` for a profile that must not be found.
    package init?(_ record: ProfileRecord) {
        guard record.isVisible, let newest = record.newest else { return nil }
        let anonymiser = Anonymiser(record.values(personal: true))
        let fields = record.values(personal: false)
        func text(_ field: ProfileField) -> String? { fields[field]?.text.map { anonymiser.clean($0) } }
        let experiences = (fields[.experiences]?.elements ?? []).map { anonymiser.clean($0) }
        let skills = (fields[.skills]?.elements ?? []).compactMap { $0["name"]?.text }.map { anonymiser.clean($0) }
        var companies: [String] = []
        var descriptions: [String] = []
        for experience in experiences {
            guard case .members(let members) = experience else { continue }
            for member in members {
                if Self.contextNames.contains(member.name) {
                    companies += member.value.strings
                } else {
                    descriptions += member.value.strings
                }
            }
        }
        let education = (fields[.education]?.elements ?? []).flatMap { anonymiser.clean($0).strings }
        profileID = record.profileID
        language = fields[.language]?.text
        title = Self.words([text(.title)])
        keywords = Self.words(skills + [text(.sector), text(.location)])
        context = Self.words(companies)
        body = Self.words([text(.summary)] + descriptions + education)
        var seen: Set<String> = []
        self.skills = skills.map(SearchText.key).filter { !$0.isEmpty && seen.insert($0).inserted }
        sector = text(.sector).map(SearchText.key).flatMap { $0.isEmpty ? nil : $0 }
        experienceYears = fields[.experienceYears]?.double
        score = fields[.score]?.double
        eventAt = newest.time
    }

    /// Which members of an experience say where somebody was as what.
    private static let contextNames: Set<String> = [
        "title", "position", "role", "jobTitle", "job_title", "company", "companyName", "company_name", "employer",
    ]

    /// Parts are separated so that no phrase spans two of them.
    private static func words(_ parts: [String?]) -> String {
        let text = parts.compactMap { $0 }.filter { !$0.isEmpty }.map(SearchText.words).joined(separator: " ; ")
        return text.utf8.count > limit ? String(decoding: text.utf8.prefix(limit), as: UTF8.self) : text
    }
}
