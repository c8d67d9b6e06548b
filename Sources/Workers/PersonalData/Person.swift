/// A person who is to be forgotten: the ids that events have for them, and the texts that identify them.
package struct Person: Sendable, Hashable {
    package private(set) var subjects: Set<DataSubject> = []
    /// Texts with what they are; those of one person in all their spellings.
    package private(set) var traces: [String: PersonalFields.Category] = [:]

    package init() {}

    package mutating func add(_ subject: DataSubject) { subjects.insert(subject) }

    /// - Parameter text: ignored when it is too short to tell anything.
    package mutating func add(_ text: String?, _ category: PersonalFields.Category) {
        guard let text = text?.trimmed, text.utf8.count > 1, !text.utf8.contains(0) else { return }
        if traces[text] == nil { traces[text] = category }
    }

    /// The ids of all kinds.
    var ids: Set<String> { Set(subjects.map(\.id)) }

    /// Addresses and numbers: who has one of them is this person.
    var contacts: Set<String> {
        Set(
            unmistakable.filter { $0.value == .email || $0.value == .phone }.map { Self.comparable($0.key, $0.value) }
        )
    }

    static func comparable(_ text: String, _ category: PersonalFields.Category) -> String {
        category == .phone ? text.filter(\.isNumber) : text.lowercased()
    }

    /// Texts that are this person's wherever they stand. A single short word, such as a first name, is not among them:
    /// it is taken out only where the rest is about this person. Nor is what somebody wrote into the field of an address
    /// or a number, and is none: `unknown`.
    package var unmistakable: [String: PersonalFields.Category] {
        traces.filter { text, category in
            switch category {
            case .email: text.utf8.count > 4 && Self.isAddress(text)
            case .phone: text.utf8.count > 4 && text.count(where: \.isNumber) > 4
            case .name, .address, .other: text.utf8.count > 5 && text.utf8.contains { $0 == 0x20 || $0 == 0x2d }
            }
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let sign = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return false }
        return sign > text.utf8.startIndex && text.utf8.index(after: sign) < text.utf8.endIndex
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension Person {
    /// `user:<id>`, `customer:<id>` and the like, in order.
    package var subjectNames: [String] { subjects.map(\.description).sorted() }

    /// In small letters, in order.
    package var emails: [String] {
        traces.filter { $0.value == .email && Self.isAddress($0.key) }.map { $0.key.lowercased() }.sorted()
    }
}
