import FlotillaModels
import FlotillaYAMLFiles

/// Turns `publishers`, `strictPublishers` and `fleetUsers` of a `queues.yaml` into values, and collects every mistake on the
/// way.
struct PublisherDecoder {
    let scope: QueueDecoder.Scope
    /// The first words of the names of the file's queues.
    let services: Set<String>
    let collector: MistakeCollector

    static let keys = ["publishers", "strictPublishers", "fleetUsers"]

    /// `nil` when the file lists no publishers.
    func publishers(in file: MappingReader) -> PublisherList? {
        guard file.has("publishers") else {
            for key in ["strictPublishers", "fleetUsers"] where file.has(key) {
                file.addMistake(key, "has no meaning without 'publishers'")
            }
            return nil
        }
        var list = PublisherList()
        list.isStrict = file.boolean("strictPublishers") ?? false
        list.fleetUsers = texts("fleetUsers", in: file, meaning: "users") { Self.problem(withUser: $0) }
        guard let section = file.mapping("publishers", known: nil, noun: "publisher") else { return list }
        for service in section.keys {
            guard let entry = section.mapping(service, known: ["user", "events", "commands", "reply"]) else { continue }
            if service.isEmpty || service.utf8.count > 100 || !service.allSatisfy(\.isAllowedInName) {
                section.addMistake(service, "the name of a service has 1 to 100 letters, digits, '.', '-' or '_'")
            }
            list.publishers.append(publisher(service, entry, list))
        }
        return list
    }

    private func publisher(_ service: String, _ entry: MappingReader, _ list: PublisherList) -> Publisher {
        var publisher = Publisher(service: service, user: "")
        entry.requireKey("user")
        if let user = entry.text("user") {
            publisher.user = user
            if let problem = Self.problem(withUser: user) {
                entry.addMistake("user", problem)
            } else if let other = list.publishers.first(where: { $0.user == user }) {
                entry.addMistake("user", "'\(user)' is already the user of '\(other.service)'")
            } else if list.fleetUsers.contains(user) {
                entry.addMistake("user", "'\(user)' is one of fleetUsers, who may send everything")
            }
        }
        publisher.events = texts("events", in: entry, meaning: "patterns", TopicPattern.problem)
        publisher.commands = texts("commands", in: entry, meaning: "patterns", TopicPattern.problem)
        if !entry.has("events"), !entry.has("commands") {
            collector.add(entry.line, "\(entry.path): 'events' or 'commands' is missing")
        }
        if let reply = entry.text("reply") {
            publisher.reply = reply
            if let problem = problem(withReply: reply) { entry.addMistake("reply", problem) }
        }
        return publisher
    }

    /// A list of texts, each of which is checked.
    private func texts(
        _ key: String,
        in reader: MappingReader,
        meaning: String,
        _ problem: (String) -> String?
    ) -> [String] {
        guard let node = reader.node(key) else { return [] }
        guard case .sequence(let items) = node.content else {
            reader.addMistake(key, "expected a list of \(meaning), found \(node.kind)")
            return []
        }
        var texts: [String] = []
        for (index, item) in items.enumerated() {
            let path = "\(MappingReader.join(reader.path, key)).\(index)"
            guard case .scalar(let text, _) = item.content, !item.isNull else {
                collector.add(item.line, "\(path): expected text, found \(item.kind)")
                continue
            }
            if let problem = problem(text) {
                collector.add(item.line, "\(path): \(problem)")
            } else if texts.contains(text) {
                collector.add(item.line, "\(path): '\(text)' twice")
            }
            texts.append(text)
        }
        return texts
    }

    private static func problem(withUser user: String) -> String? {
        guard (1...255).contains(user.utf8.count) else { return "the name of a user has 1 to 255 bytes" }
        let isPlain = user.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
        return isPlain ? nil : "the name of a user holds no blanks and no control characters"
    }

    /// A queue that a publisher may make must not be one of the fleet's, whatever the pattern.
    private func problem(withReply pattern: String) -> String? {
        if let problem = TopicPattern.problem(with: pattern) { return problem }
        let first = QueueName.service(of: pattern)
        if first == "*" || first == "#" { return "'\(pattern)': its first word may be no wildcard" }
        let own = services.union(["dlq", "amq", QueueName.service(of: scope.namespace)])
        return own.contains(first) ? "'\(pattern)': queues that begin with '\(first).' are not the publisher's" : nil
    }
}
