import FlotillaModels
import FlotillaYAMLFiles

/// Turns the nodes of a `queues.yaml` into values, and collects every mistake on the way.
struct TopologyDecoder {
    let collector: MistakeCollector

    /// `cron` is read by the domain that runs it, which knows schedules and time zones.
    private static let keys =
        ["version", "namespace", "exchanges", "delay", "defaults", "queues", "cron"] + JobRuleDecoder.keys
        + PublisherDecoder.keys

    /// `nil` only when the root is no mapping; otherwise a topology that is right if no mistake was collected.
    func topology(from root: YAMLNode) -> Topology? {
        guard let file = MappingReader(root, path: "", known: Self.keys, collector: collector) else { return nil }
        file.requireKey("version")
        file.requireKey("queues")
        if let version = file.integer("version", Int.min...Int.max), version != 1 {
            file.addMistake("version", "\(version) is not supported; this program reads version 1")
        }
        let namespace = namespace(in: file)
        let delay = delay(in: file, namespace: namespace)
        let exchanges = exchanges(in: file, namespace: namespace)
        let scope = QueueDecoder.Scope(namespace: namespace, levels: delay.levels, exchanges: exchanges)
        let queues = QueueDecoder(scope: scope, collector: collector).queues(in: file)
        let services = Set(queues.map(\.service))
        let publishers = PublisherDecoder(scope: scope, services: services, collector: collector).publishers(in: file)
        if publishers != nil { checkOutsideCommands(exchanges, namespace: namespace, file) }
        let direct = exchanges.first { $0.alias == "direct" }?.name
        let types = queues.flatMap { queue in
            queue.bindings.filter { $0.exchange == direct }.map { queue.level.plain($0.key) }
        }
        let rules = JobRuleDecoder(types: Set(types), collector: collector)
        return Topology(
            namespace: namespace,
            events: exchanges.first { $0.alias == "topic" },
            commands: exchanges.first { $0.alias == "direct" },
            control: exchanges.first { $0.alias == "fanout" },
            otherExchanges: exchanges.filter { !Self.builtIn.keys.contains($0.alias) },
            delay: delay,
            queues: queues,
            limits: rules.limits(in: file),
            jobFields: rules.fields(in: file),
            publishers: publishers
        )
    }

    /// The exchange for commands from outside may be described, and nothing else may have its name.
    private func checkOutsideCommands(_ exchanges: [Exchange], namespace: String, _ file: MappingReader) {
        let alias = Topology.outsideCommandsAlias
        let name = "\(namespace).\(alias)"
        if let own = exchanges.first(where: { $0.alias == alias }) {
            if own.kind != .topic {
                file.addMistake("exchanges", "the exchange '\(alias)' has to be of type topic, for publishers")
            }
        } else if let other = exchanges.first(where: { $0.name == name }) {
            file.addMistake("exchanges", "'\(name)' is for publishers, and is the exchange '\(other.alias)'")
        }
    }

    private func namespace(in file: MappingReader) -> String {
        guard let namespace = file.text("namespace") else { return "fleet" }
        if namespace.isEmpty || namespace.utf8.count > 40 || !namespace.allSatisfy({ $0.isAllowedInName }) {
            file.addMistake(
                "namespace",
                "expected 1 to 40 letters, digits, '.', '-' or '_', found '\(namespace.clipped)'"
            )
        } else if ["amq", "dlq"].contains(QueueName.service(of: namespace)) {
            file.addMistake("namespace", "'\(namespace)' is reserved")
        }
        return namespace
    }

    private func delay(in file: MappingReader, namespace: String) -> DelayLadder {
        var ladder = DelayLadder(namespace: namespace)
        guard let delay = file.mapping("delay", known: ["unit", "levels"]) else { return ladder }
        ladder.unit = delay.duration("unit", .milliseconds(1)...(.seconds(3_600))) ?? ladder.unit
        ladder.levels = delay.integer("levels", 1...30) ?? ladder.levels
        // The broker reads a time to live as 32 bits of milliseconds.
        if ladder.delay(of: ladder.levels - 1) > .milliseconds(Int64(UInt32.max)) {
            delay.addMistake(
                "levels",
                "the highest of \(ladder.levels) levels would wait longer than the broker allows (49 days)"
            )
        }
        return ladder
    }

    private static let builtIn: [String: Exchange.Kind] = ["topic": .topic, "direct": .direct, "fanout": .fanout]

    private func exchanges(in file: MappingReader, namespace: String) -> [Exchange] {
        guard let section = file.mapping("exchanges", known: nil) else {
            return Topology(namespace: namespace).exchanges
        }
        var exchanges: [Exchange] = []
        for alias in section.keys {
            guard let entry = section.mapping(alias, known: ["name", "type"]) else { continue }
            let name = entry.text("name") ?? "\(namespace).\(alias)"
            let kind: Exchange.Kind? = entry.choice("type") ?? Self.builtIn[alias]
            guard let kind else {
                if !entry.has("type") { entry.requireKey("type") }
                continue
            }
            if let expected = Self.builtIn[alias], kind != expected {
                entry.addMistake("type", "the exchange '\(alias)' has to be of type \(expected.rawValue)")
            }
            if let problem = Self.problem(withExchange: name, namespace: namespace) {
                entry.addMistake("name", problem)
            }
            if let other = exchanges.first(where: { $0.name == name }) {
                entry.addMistake("name", "'\(name)' is already the exchange '\(other.alias)'")
            }
            exchanges.append(Exchange(alias: alias, name: name, kind: kind))
        }
        for alias in ["topic", "direct", "fanout"] where !section.has(alias) { section.requireKey(alias) }
        return exchanges
    }

    private static func problem(withExchange name: String, namespace: String) -> String? {
        if name.isEmpty || name.utf8.count > QueueName.longest {
            return "the name of an exchange has 1 to \(QueueName.longest) bytes"
        }
        if !name.allSatisfy({ $0.isAllowedInName }) {
            return "'\(name.clipped)' may hold letters, digits, '.', '-' and '_'"
        }
        for prefix in ["amq.", "\(namespace).delay."] where name.hasPrefix(prefix) {
            return "'\(name)' begins with '\(prefix)', which is reserved"
        }
        return nil
    }
}
