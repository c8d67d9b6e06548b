import FlotillaModels

/// Takes a person out of texts and JSON, and leaves the rest as it is: a value goes only where it stands as a whole.
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
    /// Finds what is the person's wherever it stands.
    let everywhere: TraceMatcher
    /// Finds also what is the person's only where the rest is about them.
    private let inOwn: TraceMatcher

    /// Fields that may name a person of any kind.
    private static let generic: Set<String> = [
        "actor", "actorid", "subject", "subjectid", "recipient", "recipientid", "to", "performedby", "updatedby",
        "createdby",
    ]

    package init(_ person: Person) {
        self.person = person
        ids = person.ids
        contacts = person.contacts
        everywhere = TraceMatcher(person.unmistakable, allowsUnspaced: false)
        inOwn = TraceMatcher(person.traces, allowsUnspaced: true)
    }

    /// - Parameters:
    ///   - body: JSON, a text, or bytes, which go whole when the person is in them.
    ///   - event: what it is the body of, where that is known.
    func redact(_ body: [UInt8], of event: String = "") -> Result {
        guard let tree = try? JSONTree(body) else { return redactPlain(body) }
        var walk = Walk(redaction: self, tree: tree, privacy: EventPrivacies.shared.privacy(of: event))
        walk.visit(tree.root, Walk.Scope(kind: walk.privacy.entity))
        let bytes = tree.replacing(walk.replacements)
        return Result(bytes: bytes, isOwn: walk.ownsRoot, isChanged: bytes != body)
    }

    private func redactPlain(_ body: [UInt8]) -> Result {
        guard let text = String(validating: body, as: UTF8.self) else {
            let isConcerned = everywhere.isFound(in: String(decoding: body, as: UTF8.self))
            return Result(bytes: isConcerned ? [] : body, isOwn: isConcerned, isChanged: isConcerned)
        }
        let found = everywhere.ranges(in: text)
        guard !found.isEmpty else { return Result(bytes: body, isOwn: false, isChanged: false) }
        // It is somebody else's as soon as it says anything besides.
        let isOwn = !everywhere.replacing(in: text, with: "").contains(where: \.isPartOfWord)
        let redacted = everywhere.replacing(in: text, with: Self.placeholder)
        return Result(bytes: Array(redacted.utf8), isOwn: isOwn, isChanged: true)
    }

    /// - Parameter isOwn: whether the text is about the person, so that single words are taken out too.
    package func redact(_ text: String, isOwn: Bool) -> String {
        (isOwn ? inOwn : everywhere).replacing(in: text, with: Self.placeholder)
    }

    /// - Parameter caller: `token:<iss>#<sub>`, of which the subject goes where it is the person; others as any text.
    func redact(caller: String) -> String {
        guard let sign = caller.firstIndex(of: "#"), isPerson(subjectOf: caller) else {
            return redact(caller, isOwn: false)
        }
        return "\(caller[...sign])\(Self.placeholder)"
    }

    /// Whether it is the person who has called by a token.
    func isPerson(subjectOf caller: String) -> Bool {
        guard let sign = caller.firstIndex(of: "#") else { return false }
        let subject = String(caller[caller.index(after: sign)...])
        return ["user", "candidate"].contains { isPerson(DataSubject(kind: $0, id: subject)) }
            || isPersonOfAnyKind(subject) || isContact(subject, .email) || isContact(subject, .phone)
    }

    func isPerson(_ subject: DataSubject) -> Bool { person.subjects.contains(subject) }

    fileprivate func isPersonOfAnyKind(_ id: String) -> Bool {
        if let subject = DataSubject(name: id), isPerson(subject) { return true }
        return ids.contains(id) && !id.allSatisfy(\.isNumber)
    }

    fileprivate func isContact(_ text: String, _ category: PersonalFields.Category) -> Bool {
        if category == .phone, !ContactExtractor.isNumber(text) { return false }
        return contacts.contains(Person.comparable(text, category))
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
                let inside = node.literal.lowerBound + 1..<node.literal.upperBound - 1
                let text = text(inside)
                let redacted = redaction.redact(text, isOwn: scope.isOwn)
                if redacted != text { replacements.append((inside, Array(redacted.utf8))) }
            case .number:
                // Neither an amount nor a coordinate is a telephone number.
                let digits = number(node)
                if digits.allSatisfy(\.isNumber), redaction.isContact(digits, .phone) { takeOut(node) }
            case .boolean, .null: break
            }
        }

        /// As it is written: a matcher reads escapes, and all others stay as they are.
        private func text(_ inside: Range<Int>) -> String { String(decoding: tree.bytes[inside], as: UTF8.self) }

        /// Takes the person out of the names of members, and leaves no two of them the same.
        private mutating func redactNames(of members: [JSONTree.Node]) {
            var taken: Set<String>?
            for key in members.compactMap(\.key) {
                let name = text(key)
                let redacted = redaction.redact(name, isOwn: false)
                guard redacted != name else { continue }
                var names = taken ?? Set(members.compactMap(\.key).map(text))
                var (unique, number) = (redacted, 2)
                while !names.insert(unique).inserted {
                    unique = "\(redacted)-\(number)"
                    number += 1
                }
                taken = names
                replacements.append((key, Array(unique.utf8)))
            }
        }

        private mutating func visitObject(_ node: JSONTree.Node, _ scope: Scope) {
            redactNames(of: node.children)
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
