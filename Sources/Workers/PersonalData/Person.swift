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
        Set(traces.filter { $0.value == .email || $0.value == .phone }.map { Self.comparable($0.key, $0.value) })
    }

    static func comparable(_ text: String, _ category: PersonalFields.Category) -> String {
        category == .phone ? text.filter(\.isNumber) : text.lowercased()
    }

    /// Texts that are this person's wherever they stand. A single short word, such as a first name, is not among them:
    /// it is taken out only where the rest is about this person.
    package var unmistakable: [String] {
        spellings { text, category in
            switch category {
            case .email, .phone: text.utf8.count > 4
            case .name, .address, .other: text.utf8.count > 5 && text.utf8.contains { $0 == 0x20 || $0 == 0x2d }
            }
        }
    }

    /// All texts, the longest first, so that none is cut by a part of it.
    var all: [String] { spellings { _, _ in true } }

    private func spellings(where isMeant: (String, PersonalFields.Category) -> Bool) -> [String] {
        var spellings: Set<String> = []
        for (text, category) in traces where isMeant(text, category) {
            spellings.formUnion([text, text.lowercased(), text.uppercased()])
            if category == .phone {
                let digits = text.filter(\.isNumber)
                if digits.utf8.count > 4 { spellings.insert(digits) }
            }
        }
        return spellings.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
    }

    /// What a query has to look for so as to miss nothing: ids and texts, as they are and as JSON may write them.
    var needles: [String] {
        var needles = ids.filter { !$0.hasPrefix("~") }
        for text in unmistakable {
            needles.formUnion([text, Self.escaped(text, capitals: false), Self.escaped(text, capitals: true)])
        }
        return needles.sorted()
    }

    /// The text with what is not ASCII as JSON's escapes.
    private static func escaped(_ text: String, capitals: Bool) -> String {
        var escaped = ""
        for unit in text.utf16 {
            if unit < 0x80, let scalar = Unicode.Scalar(unit) {
                if scalar == "\"" || scalar == "\\" { escaped += "\\" }
                escaped.unicodeScalars.append(scalar)
            } else {
                let digits = String(unit, radix: 16, uppercase: capitals)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return escaped
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
    package var emails: [String] { traces.filter { $0.value == .email }.map { $0.key.lowercased() }.sorted() }
}
