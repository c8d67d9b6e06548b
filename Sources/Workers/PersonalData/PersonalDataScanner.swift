import FlotillaModels

/// Reads a body for what is personal in it.
///
/// A value's person is, in this order: who an id of the same prefix in the same object names (`mentorId` for
/// `mentorName`), the person of the object, of the objects around it, the e-mail address or telephone number beside it,
/// what the row is about, and in the end the message itself.
package struct PersonalDataScanner {
    private let tree: JSONTree
    private let privacy: EventPrivacy
    private let pseudonyms: Pseudonyms
    private let fallback: DataSubject
    package private(set) var findings: [PersonalFinding] = []
    /// Other names of people whose values were found.
    package private(set) var aliases: [DataSubject: Set<DataSubject>] = [:]
    /// Whether a name of a member identifies a person, so that the body can only be sealed as a whole.
    private(set) var namesTell = false

    /// Longer texts than this are sealed like others, and not kept to search for.
    private static let longestTrace = 200
    /// With more personal values than this, a body is sealed as a whole.
    private static let most = 2_000
    /// Of more ids in one object, the others name nobody.
    private static let mostIDs = 100
    private static let recipient = "recipient"

    private struct Scope {
        var person: DataSubject?
        var contact: DataSubject?
        var path = ""
        /// The kind of person that a member called `id` names here.
        var kind: String
    }

    package init(
        _ body: [UInt8],
        _ privacy: EventPrivacy,
        _ pseudonyms: Pseudonyms,
        rowSubject: String?,
        messageID: String
    ) {
        tree = JSONTree(checked: body)
        self.privacy = privacy
        self.pseudonyms = pseudonyms
        fallback =
            rowSubject.map { DataSubject(kind: "record", id: $0) } ?? DataSubject(kind: "message", id: messageID)
        visit(tree.root, Scope(kind: privacy.entity))
        if namesTell || findings.count > Self.most {
            let texts = traces(of: tree.root)
            let subject = findings.first?.subject ?? fallback
            namesTell = true
            findings = [
                PersonalFinding(
                    literal: tree.root.literal,
                    path: "",
                    subject: subject,
                    category: .other,
                    traces: Array(texts.prefix(20))
                )
            ]
        }
    }

    /// The body with each finding exchanged for what `replacement` makes of it.
    package func replacing(_ replacement: (PersonalFinding, _ literal: [UInt8]) -> [UInt8]) -> [UInt8] {
        tree.replacing(findings.map { ($0.literal, replacement($0, Array(tree.bytes[$0.literal]))) })
    }

    private mutating func visit(_ node: JSONTree.Node, _ scope: Scope) {
        guard findings.count <= Self.most else { return }
        switch node.kind {
        case .object: visitObject(node, scope)
        case .array:
            for (index, element) in node.children.enumerated() {
                var inner = scope
                inner.path += "/\(index)"
                visit(element, inner)
            }
        case .string:
            guard let text = tree.text(of: node) else { return }
            guard let category = Self.category(ofText: text) else { return }
            if let person = scope.person ?? scope.contact {
                add(node, scope.path, person, category)
            } else if let address = ContactExtractor.only(in: text) {
                // Nobody but the address says whose the text is.
                let owner = DataSubject(kind: "email", id: pseudonyms.pseudonym(of: address))
                add(node, scope.path, owner, .email, traces: [address])
            } else {
                add(node, scope.path, fallback, category)
            }
        case .number, .boolean, .null: break
        }
    }

    private mutating func visitObject(_ node: JSONTree.Node, _ scope: Scope) {
        let members = node.children.map { (name: FieldName.normalised(tree.name(of: $0)), node: $0) }
        let named = Array(
            members.lazy.filter { $0.name.utf8.count > 2 && $0.name.hasSuffix("id") }.prefix(Self.mostIDs)
        )
        if members.contains(where: { $0.name.utf8.contains(UInt8(ascii: "@")) }) { namesTell = true }
        var inner = scope
        if let person = person(of: members, named, scope.kind) { inner.person = person }
        // Where the person is known nobody asks for an address, and its pseudonym costs.
        if inner.person == nil, let contact = contact(of: members) { inner.contact = contact }
        let first = findings.count
        for (name, member) in members {
            let path = scope.path + "/" + tree.name(of: member)
            if let category = category(of: member, name), member.kind != .null, member.kind != .boolean,
                !isEmpty(member)
            {
                let owner = prefixed(name, among: named) ?? inner.person ?? inner.contact ?? fallback
                add(member, path, owner, category)
            } else {
                var deeper = inner
                deeper.path = path
                if name != "data" { deeper.kind = name }
                visit(member, deeper)
            }
        }
        joinNames(from: first, members)
        if let person = inner.person, findings.count > first { note(person, members) }
    }

    private mutating func add(
        _ node: JSONTree.Node,
        _ path: String,
        _ subject: DataSubject,
        _ category: PersonalFields.Category,
        traces texts: [String]? = nil
    ) {
        let texts = texts ?? (category == .other ? [] : traces(of: node))
        findings.append(
            PersonalFinding(literal: node.literal, path: path, subject: subject, category: category, traces: texts)
        )
    }

    /// Whom the ids among the members name.
    private func person(
        of members: [(name: String, node: JSONTree.Node)],
        _ named: [(name: String, node: JSONTree.Node)],
        _ kind: String
    ) -> DataSubject? {
        for name in privacy.people where !named.isEmpty {
            if let id = identifier(name, named) { return DataSubject(kind: String(name.dropLast(2)), id: id) }
        }
        if let recipient = recipient(members), recipient.kind == "user" || recipient.kind == "customer" {
            return recipient
        }
        // The id of an envelope is that of the event.
        let isEnvelope = members.contains { $0.name == "specversion" || $0.name == "data" }
        guard !isEnvelope, let id = identifier("id", members) else { return nil }
        return DataSubject(kind: kind, id: id)
    }

    /// What the member's name makes of its value; `nil` for what is not personal.
    private func category(of node: JSONTree.Node, _ name: String) -> PersonalFields.Category? {
        guard let category = privacy.categories[name] else { return nil }
        let text = plainText(of: node)
        if name == Self.recipient {
            // The fleet's own notifications name an address here, or an id, which is no secret.
            guard let text else { return nil }
            let key = recipient([(name, node)])
            if let key, key.kind != "address", !text.utf8.contains(UInt8(ascii: "@")) { return nil }
        }
        return category == .email && text.map { ContactExtractor.isNumber(ContactExtractor.bare($0)) } == true
            ? .phone : category
    }

    /// Whom the key of a notification's recipient names, such as `user:u-1`.
    private func recipient(_ members: [(name: String, node: JSONTree.Node)]) -> DataSubject? {
        guard privacy.categories[Self.recipient] != nil,
            let node = members.first(where: { $0.name == Self.recipient })?.node,
            let key = tree.text(of: node).flatMap(DataSubject.init(name:)),
            ["user", "customer", "role", "address"].contains(key.kind)
        else { return nil }
        return DataSubject(kind: key.kind, id: pseudonyms.identifier(key.id))
    }

    private func prefixed(_ name: String, among members: [(name: String, node: JSONTree.Node)]) -> DataSubject? {
        var best: String?
        for member in members {
            let stem = member.name.dropLast(2)
            if name.utf8.count > stem.utf8.count, name.hasPrefix(stem), stem.utf8.count > (best?.utf8.count ?? 0) {
                best = String(stem)
            }
        }
        guard let best, let id = identifier(best + "id", members) else { return nil }
        return DataSubject(kind: best, id: id)
    }

    private func contact(of members: [(name: String, node: JSONTree.Node)]) -> DataSubject? {
        for wanted in [PersonalFields.Category.email, .phone] {
            for (name, node) in members where category(of: node, name) == wanted {
                guard let text = plainText(of: node).map(ContactExtractor.bare), !text.isEmpty else { continue }
                let id = wanted == .phone ? text.filter(\.isNumber) : text
                return DataSubject(kind: wanted.rawValue, id: pseudonyms.pseudonym(of: id))
            }
        }
        return nil
    }

    private mutating func note(_ person: DataSubject, _ members: [(name: String, node: JSONTree.Node)]) {
        for name in privacy.people.prefix(privacy.samePeople) {
            guard let id = identifier(name, members) else { continue }
            let other = DataSubject(kind: String(name.dropLast(2)), id: id)
            if other != person { aliases[person, default: []].insert(other) }
        }
    }

    /// A first and a last name beside each other are a name to look for.
    private mutating func joinNames(from first: Int, _ members: [(name: String, node: JSONTree.Node)]) {
        func text(_ names: String...) -> String? {
            members.first { names.contains($0.name) }.flatMap { plainText(of: $0.node) }
        }
        guard let given = text("firstname", "givenname"), let family = text("lastname", "familyname", "surname"),
            let place = findings.indices.dropFirst(first).first(where: { findings[$0].category == .name })
        else { return }
        findings[place].traces.append("\(given) \(family)")
    }

    private func identifier(_ name: String, _ members: [(name: String, node: JSONTree.Node)]) -> String? {
        guard let node = members.first(where: { $0.name == name })?.node, let text = plainText(of: node),
            (1...255).contains(text.utf8.count), !text.utf8.contains(0)
        else { return nil }
        return pseudonyms.identifier(text)
    }

    private func plainText(of node: JSONTree.Node) -> String? {
        node.kind == .number ? String(decoding: tree.bytes[node.literal], as: UTF8.self) : tree.text(of: node)
    }

    private func isEmpty(_ node: JSONTree.Node) -> Bool {
        switch node.kind {
        case .string: node.literal.count == 2
        case .object, .array: node.children.isEmpty
        default: false
        }
    }

    private func traces(of node: JSONTree.Node) -> [String] {
        if let text = plainText(of: node) {
            let text = ContactExtractor.bare(text)
            return text.utf8.count <= Self.longestTrace && text.utf8.count > 1 && !text.utf8.contains(0) ? [text] : []
        }
        return node.children.flatMap(traces)
    }

    /// Texts that are personal whatever their field's name: `nil` for others.
    private static func category(ofText text: String) -> PersonalFields.Category? {
        if text.hasPrefix(SealedValue.prefix) { return .other }
        guard let sign = text.utf8.firstIndex(of: UInt8(ascii: "@")), sign != text.utf8.startIndex,
            text.utf8[sign...].contains(UInt8(ascii: "."))
        else { return nil }
        return text.utf8.contains(where: { $0 <= 0x20 || $0 == UInt8(ascii: "\"") }) ? .other : .email
    }
}
