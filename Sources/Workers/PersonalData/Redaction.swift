import FlotillaModels

/// Takes a person out of texts and JSON, and leaves the rest as it is.
package struct Redaction: Sendable {
    /// What stands in the place of what was taken out.
    package static let placeholder = "forgotten"

    /// A text without the person.
    struct Result: Sendable {
        var bytes: [UInt8]
        /// Whether the whole is about this person.
        var isOwn: Bool
        var isChanged: Bool
    }

    private let person: Person
    private let ids: Set<String>
    private let contacts: Set<String>
    private let unmistakable: [String]
    private let all: [String]

    /// Fields that may name a person of any kind.
    private static let generic: Set<String> = [
        "actor", "actorid", "subject", "subjectid", "recipient", "recipientid", "to", "performedby", "updatedby",
        "createdby",
    ]

    package init(_ person: Person) {
        self.person = person
        ids = person.ids
        contacts = person.contacts
        unmistakable = person.unmistakable
        all = person.all
    }

    /// - Parameters:
    ///   - body: JSON or anything else; what is no JSON goes whole when the person is in it.
    ///   - event: what it is the body of, where that is known.
    func redact(_ body: [UInt8], of event: String = "") -> Result {
        guard let tree = try? JSONTree(body) else {
            let isConcerned = holds(body, unmistakable)
            return Result(bytes: isConcerned ? [] : body, isOwn: isConcerned, isChanged: isConcerned)
        }
        var walk = Walk(redaction: self, tree: tree, privacy: EventPrivacies.shared.privacy(of: event))
        walk.visit(tree.root, Walk.Scope(kind: walk.privacy.entity))
        var bytes = tree.replacing(walk.replacements)
        // In the name of a member, or in an unusual spelling.
        if holds(bytes, walk.ownsRoot ? all.filter { $0.utf8.count > 3 } : unmistakable) {
            bytes = JSONTree.literal(Self.placeholder)
        }
        return Result(bytes: bytes, isOwn: walk.ownsRoot, isChanged: bytes != body)
    }

    /// - Parameter isOwn: whether the text is about the person, so that single words are taken out too.
    package func redact(_ text: String, isOwn: Bool) -> String {
        var text = text
        for trace in isOwn ? all : unmistakable where text.contains(trace) {
            text = text.replacingWords(trace, with: Self.placeholder, onlyWhole: trace.utf8.count < 6)
        }
        return text
    }

    func isPerson(_ subject: DataSubject) -> Bool { person.subjects.contains(subject) }

    fileprivate func isPersonOfAnyKind(_ id: String) -> Bool {
        if let subject = DataSubject(name: id), isPerson(subject) { return true }
        return ids.contains(id) && !id.allSatisfy(\.isNumber)
    }

    fileprivate func isContact(_ text: String, _ category: PersonalFields.Category) -> Bool {
        contacts.contains(Person.comparable(text, category))
    }

    private func holds(_ bytes: [UInt8], _ texts: [String]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return texts.contains { text.contains($0) }
    }

    /// One pass over a JSON text.
    private struct Walk {
        struct Scope {
            var isOwn = false
            var kind: String
        }

        let redaction: Redaction
        let tree: JSONTree
        let privacy: EventPrivacy
        var replacements: [(literal: Range<Int>, with: [UInt8])] = []
        var ownsRoot = false

        mutating func visit(_ node: JSONTree.Node, _ scope: Scope) {
            switch node.kind {
            case .object: visitObject(node, scope)
            case .array: for element in node.children { visit(element, scope) }
            case .string:
                guard let text = tree.text(of: node) else { return }
                let redacted = redaction.redact(text, isOwn: scope.isOwn)
                if redacted != text { replacements.append((node.literal, JSONTree.literal(redacted))) }
            case .number: if redaction.isContact(number(node), .phone) { takeOut(node) }
            case .boolean, .null: break
            }
        }

        private mutating func visitObject(_ node: JSONTree.Node, _ scope: Scope) {
            let members = node.children.map { (name: FieldName.normalised(tree.name(of: $0)), node: $0) }
            var inner = scope
            let owners = members.compactMap { owner($0.name, $0.node, scope.kind) }
            if owners.contains(true) { inner.isOwn = true } else if owners.contains(false) { inner.isOwn = false }
            if inner.isOwn, node.literal == tree.root.literal { ownsRoot = true }
            let ids = Array(members.lazy.filter { $0.name.utf8.count > 2 && $0.name.hasSuffix("id") }.prefix(100))
            for (name, member) in members {
                if isOwnField(name, among: ids) ?? inner.isOwn, privacy.categories[name] != nil,
                    member.kind != .null, member.kind != .boolean
                {
                    takeOut(member)
                } else {
                    var deeper = inner
                    if name != "data" { deeper.kind = name }
                    visit(member, deeper)
                    if name == "data", ownsData(member) { ownsRoot = true }
                }
            }
        }

        /// An envelope is about whom its data are about.
        private func ownsData(_ node: JSONTree.Node) -> Bool {
            guard node.kind == .object else { return false }
            let members = node.children.map { (name: FieldName.normalised(tree.name(of: $0)), node: $0) }
            return members.contains { owner($0.name, $0.node, privacy.entity) == true }
        }

        /// Whether the member says that its object is about the person (true) or about another (false); `nil` for
        /// members that say neither.
        private func owner(_ name: String, _ node: JSONTree.Node, _ kind: String) -> Bool? {
            guard let text = node.kind == .number ? number(node) : tree.text(of: node) else { return nil }
            if Redaction.generic.contains(name) {
                let address = ContactExtractor.bare(text)
                let isContact = redaction.isContact(address, .email) || redaction.isContact(address, .phone)
                return redaction.isPersonOfAnyKind(text) || isContact ? true : nil
            }
            if let category = privacy.categories[name], category == .email || category == .phone {
                return redaction.isContact(text, category) ? true : nil
            }
            if name == "id" { return redaction.isPerson(DataSubject(kind: kind, id: text)) ? true : nil }
            guard name.hasSuffix("id"), name.utf8.count > 2 else { return nil }
            if redaction.isPerson(DataSubject(kind: String(name.dropLast(2)), id: text)) { return true }
            return privacy.people.first == name ? false : nil
        }

        /// Whether `mentorName` is the person's by `mentorId` beside it; `nil` when there is none.
        private func isOwnField(_ name: String, among members: [(name: String, node: JSONTree.Node)]) -> Bool? {
            for member in members {
                let stem = String(member.name.dropLast(2))
                guard name.utf8.count > stem.utf8.count, name.hasPrefix(stem) else { continue }
                let id = member.node.kind == .number ? number(member.node) : tree.text(of: member.node)
                return id.map { redaction.isPerson(DataSubject(kind: stem, id: $0)) }
            }
            return nil
        }

        private func number(_ node: JSONTree.Node) -> String {
            String(decoding: tree.bytes[node.literal], as: UTF8.self)
        }

        private mutating func takeOut(_ node: JSONTree.Node) {
            replacements.append((node.literal, JSONTree.literal(Redaction.placeholder)))
        }
    }
}

extension String {
    /// Every occurrence exchanged.
    ///
    /// - Parameter onlyWhole: leaves those alone that are part of a longer word.
    fileprivate func replacingWords(_ word: String, with replacement: String, onlyWhole: Bool) -> String {
        var result = ""
        var rest = self[...]
        while let found = rest.firstRange(of: word) {
            let before = rest[..<found.lowerBound].last ?? result.last
            let after = rest[found.upperBound...].first
            let isPart = before.map(\.isPartOfWord) == true || after.map(\.isPartOfWord) == true
            result += rest[..<found.lowerBound]
            result += onlyWhole && isPart ? word : replacement
            rest = rest[found.upperBound...]
        }
        return result + rest
    }
}

extension Character {
    fileprivate var isPartOfWord: Bool { isLetter || isNumber }
}
