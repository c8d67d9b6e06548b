import Synchronization

/// What is personal in one event, and who its people are, ready to be looked up.
package struct EventPrivacy: Sendable {
    /// By name in lower case without `_` and `-`.
    let categories: [String: PersonalFields.Category]
    package let names: FieldNameTable
    /// Names of the fields that name the person, in lower case without `_` and `-`; the first that is there decides.
    let people: [String]
    /// As many of ``people`` from the first on as are of one person: 1 where they are not.
    let samePeople: Int
    /// The event's entity: the kind of a person that a field called just `id` names.
    let entity: String

    init(_ event: String) {
        var categories = Self.always
        let rules = PersonalFields.rules(for: event)
        for (category, names) in rules.flatMap(\.fields) {
            for name in names { categories[FieldName.normalised(name)] = category }
        }
        let deciding = rules.first { !$0.people.isEmpty }
        let first = deciding?.people ?? []
        people = (first + PersonalFields.people.filter { !first.contains($0) }).map(FieldName.normalised)
        samePeople = deciding?.areSamePerson == true ? first.count : 1
        names = FieldNameTable(categories.keys)
        self.categories = categories
        entity = FieldName.normalised(String(event.prefix { $0 != "." }))
    }

    private static let always: [String: PersonalFields.Category] = {
        var categories: [String: PersonalFields.Category] = [:]
        for (category, names) in PersonalFields.always {
            for name in names { categories[FieldName.normalised(name)] = category }
        }
        for (category, suffixes) in PersonalFields.suffixes {
            for prefix in PersonalFields.prefixes {
                for suffix in suffixes { categories[FieldName.normalised(prefix + suffix)] = category }
            }
        }
        return categories
    }()
}
