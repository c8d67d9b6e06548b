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

/// A set of names by their hashes, in one array, so that a look-up costs a few nanoseconds.
package struct FieldNameTable: Sendable {
    private let slots: [UInt64]
    private let mask: Int

    init(_ names: some Collection<String>) {
        var size = 64
        while size < names.count * 4 { size *= 2 }
        mask = size - 1
        var slots = [UInt64](repeating: 0, count: size)
        for name in names {
            guard let hash = FieldName(name.utf8)?.hash else { continue }
            var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
            while slots[slot] != 0, slots[slot] != hash { slot = (slot + 1) & mask }
            slots[slot] = hash
        }
        self.slots = slots
    }

    @inline(__always)
    func contains(_ hash: UInt64) -> Bool {
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while slots[slot] != 0 {
            if slots[slot] == hash { return true }
            slot = (slot + 1) & mask
        }
        return false
    }
}

/// The ``EventPrivacy`` of the events that have come by.
package final class EventPrivacies: Sendable {
    package static let shared = EventPrivacies()

    /// Names of events come from outside: after this many the cache is emptied.
    private static let limit = 1_000
    private let known = Mutex<[String: EventPrivacy]>([:])

    package func privacy(of event: String) -> EventPrivacy {
        if let privacy = known.withLock({ $0[event] }) { return privacy }
        let privacy = EventPrivacy(event)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[event] = privacy
        }
        return privacy
    }
}
