import FlotillaCommandLineKit
package import FlotillaHTTPRouting
package import FlotillaModels

/// Every event and job type that the domains describe, by name.
package struct MessageCatalog: Sendable {
    /// What several domains say of one name, put together: each reads its own fields.
    package struct Entry: Sendable {
        package let name: String
        /// As the domains describe it; the first is the one whose message it is.
        package fileprivate(set) var descriptions: [MessageDescription]

        package var roles: Set<MessageDescription.Role> { descriptions.reduce(into: []) { $0.formUnion($1.roles) } }
        package var summary: String { descriptions[0].summary }
        package var senders: [String] {
            descriptions.map(\.sender).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
        /// Whether the fleet publishes it.
        package var isPublishedHere: Bool { senders.contains(MessageDescription.fleet) }
        /// Whether a domain reads its body.
        package var isRead: Bool { descriptions.contains { $0.check != nil } }

        /// Those of all domains; what one of them needs is required.
        package var fields: [PayloadField] {
            var fields: [PayloadField] = []
            for field in descriptions.flatMap(\.fields) {
                guard let place = fields.firstIndex(where: { $0.name == field.name }) else {
                    fields.append(field)
                    continue
                }
                if field.isRequired { fields[place] = fields[place].required }
            }
            return fields
        }

        /// That of the description that says most.
        package var example: String {
            descriptions.dropFirst().reduce(descriptions[0]) { $1.fields.count > $0.fields.count ? $1 : $0 }.example
        }

        /// JSON Schema (2020-12) of the body.
        package var schema: String {
            PayloadField.schema(of: fields, isOpen: descriptions.allSatisfy(\.isOpen))
        }

        /// - Throws: `InvalidPayload`, as the first worker would that could not read the body.
        package func check(_ body: [UInt8]) throws(InvalidPayload) {
            for description in descriptions { try description.check?(body) }
        }
    }

    /// By name.
    package let entries: [Entry]
    private let places: [String: Int]

    package init(_ descriptions: [MessageDescription] = []) {
        var entries: [Entry] = []
        var places: [String: Int] = [:]
        for description in descriptions {
            if let place = places[description.name] {
                entries[place].descriptions.append(description)
            } else {
                places[description.name] = entries.count
                entries.append(Entry(name: description.name, descriptions: [description]))
            }
        }
        self.entries = entries.sorted { $0.name < $1.name }
        self.places = Dictionary(uniqueKeysWithValues: self.entries.enumerated().map { ($1.name, $0) })
    }

    package init(_ modules: [any DomainModule.Type]) { self.init(modules.flatMap { $0.messages }) }

    package subscript(name: String) -> Entry? { places[name].map { entries[$0] } }

    /// A request for each message of this role that callers may hand in.
    ///
    /// - Parameter request: the request's body, from the name and the example of a message.
    package func examples(
        _ role: MessageDescription.Role,
        rules: IntakeRules,
        request: (_ name: String, _ example: String) -> String
    ) -> [(name: String, json: String)] {
        entries.filter { $0.roles.contains(role) && !rules.isFleetOnly($0.name) }.map {
            ($0.name, request($0.name, $0.example))
        }
    }

    /// What to tell who publishes an event of this name; `nil` when it is known here, or some queue asks for it.
    ///
    /// A queue that takes every event does not count.
    package func warning(event name: String, in topology: Topology) -> String? {
        guard self[name]?.roles.contains(.event) != true else { return nil }
        let isAsked = topology.queues.flatMap(\.bindings).contains { binding in
            binding.exchange == topology.events.name && binding.key != "#" && TopicPattern(binding.key).matches(name)
        }
        guard !isAsked else { return nil }
        let names = entries.filter { $0.roles.contains(.event) && !$0.isPublishedHere }.map(\.name)
        return "no event of this name is described, and no queue asks for it; it is accepted all the same"
            + Suggestion.text(for: name, among: names)
    }

    /// - Parameter path: where the body stands in the request: `payload`.
    /// - Throws: 422 that names each field, for a body that a worker would dead-letter at once.
    package func check(_ body: [UInt8], of name: String, at path: String) throws(APIError) {
        guard let entry = self[name] else { return }
        do throws(InvalidPayload) { try entry.check(body) } catch {
            throw APIError.invalid(
                ([error] + error.others).map { mistake in
                    APIError.Detail(
                        field: mistake.field.isEmpty ? path : "\(path).\(mistake.field)",
                        message: mistake.problem
                    )
                }
            )
        }
    }
}
