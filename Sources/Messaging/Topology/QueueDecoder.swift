import FlotillaModels
import FlotillaYAMLFiles

/// Turns the `defaults` and `queues` of a `queues.yaml` into definitions, and collects every mistake on the way.
struct QueueDecoder {
    /// What a queue is checked against.
    struct Scope {
        var namespace: String
        var levels: Int
        var exchanges: [Exchange]
    }

    let scope: Scope
    let collector: MistakeCollector

    /// RabbitMQ closes the channel of a consumer that holds a message for longer than this.
    static let consumerTimeout = Duration.seconds(30 * 60)

    private static let policyKeys = [
        "type", "prefetch", "concurrency", "timeout", "crashLimit", "retry", "track", "maxLength", "maxBody",
    ]
    private static let queueKeys = ["worker", "bind", "batch", "priorities"] + policyKeys

    func queues(in file: MappingReader) -> [QueueDefinition] {
        var defaults = QueueDefinition(name: "", worker: "")
        if let section = file.mapping("defaults", known: Self.policyKeys) { read(section, into: &defaults) }
        guard let section = file.mapping("queues", known: nil, noun: "queue") else { return [] }
        if section.keys.isEmpty { section.collector.add(section.line, "queues: there is no queue") }
        var listed: [ListedQueue] = []
        for name in section.keys {
            let problem = QueueName.problem(with: name, namespace: scope.namespace, levels: scope.levels)
            if let problem { collector.add(section.line(of: name), problem) }
            guard let entry = section.mapping(name, known: Self.queueKeys) else { continue }
            let queue = queue(name, entry, defaults)
            let hasLevels = entry.boolean("priorities") ?? false
            let isNamedWell = problem == nil
            listed.append(ListedQueue(queue: queue, entry: entry, hasLevels: hasLevels, isNamedWell: isNamedWell))
        }
        return listed.flatMap { $0.hasLevels ? levels(of: $0, among: listed) : [$0.queue] }
    }

    private func queue(_ name: String, _ section: MappingReader, _ defaults: QueueDefinition) -> QueueDefinition {
        var queue = defaults
        queue.name = name
        read(section, into: &queue)
        section.requireKey("worker")
        if let worker = section.text("worker") {
            queue.worker = worker
            if !worker.contains(where: { !$0.isWhitespace }) {
                section.addMistake("worker", "the name of a worker is empty")
            }
        }
        section.requireKey("bind")
        queue.bindings = bindings(of: section)
        if let batch = section.mapping("batch", known: ["size", "wait"]) {
            batch.requireKey("size")
            let size = batch.integer("size", 1...10_000)
            let wait = batch.duration("wait", .milliseconds(1)...(.seconds(60)))
            queue.batch = QueueDefinition.Batch(size: size ?? 1, wait: wait ?? .milliseconds(20))
            if let size, queue.prefetch < size {
                let key = section.has("prefetch") ? "prefetch" : "batch"
                section.addMistake(key, "a prefetch of \(queue.prefetch) never fills a batch of \(size)")
            }
        }
        return queue
    }

    private func read(_ section: MappingReader, into queue: inout QueueDefinition) {
        queue.kind = section.choice("type") ?? queue.kind
        queue.prefetch = section.integer("prefetch", 1...65_535) ?? queue.prefetch
        queue.concurrency = section.integer("concurrency", 1...10_000) ?? queue.concurrency
        if let timeout = section.duration("timeout", .milliseconds(1)...(.seconds(86_400))) {
            if timeout >= Self.consumerTimeout {
                section.addMistake(
                    "timeout",
                    "\(timeout.text) is too long: shorter than the broker's consumer_timeout of 30m"
                )
            } else {
                queue.timeout = timeout
            }
        }
        queue.crashLimit = section.integer("crashLimit", 1...10_000) ?? queue.crashLimit
        queue.track = section.choice("track") ?? queue.track
        queue.maxLength = section.integer("maxLength", 1...1_000_000_000) ?? queue.maxLength
        queue.maxBody = section.byteCount("maxBody", 1...(512 << 20)) ?? queue.maxBody
        if let retry = section.mapping("retry", known: ["attempts", "base", "factor", "cap", "jitter"]) {
            read(retry, into: &queue.retry)
        }
    }

    private func read(_ section: MappingReader, into retry: inout RetryPolicy) {
        retry.attempts = section.integer("attempts", 1...1_000) ?? retry.attempts
        retry.base = section.duration("base", .milliseconds(1)...(.seconds(86_400))) ?? retry.base
        retry.factor = section.number("factor", 1...100) ?? retry.factor
        retry.cap = section.duration("cap", .milliseconds(1)...(.seconds(30 * 86_400))) ?? retry.cap
        retry.jitter = section.number("jitter", 0...1) ?? retry.jitter
        if retry.cap < retry.base {
            let key = section.has("cap") ? "cap" : "base"
            section.addMistake(key, "the cap of \(retry.cap.text) is shorter than the base of \(retry.base.text)")
        }
    }

    private func bindings(of section: MappingReader) -> [QueueBinding] {
        guard let node = section.node("bind") else { return [] }
        guard case .sequence(let items) = node.content else {
            section.addMistake(
                "bind",
                "expected a list such as [ { exchange: topic, key: user.created } ], found \(node.kind)"
            )
            return []
        }
        var bindings: [QueueBinding] = []
        for (index, item) in items.enumerated() {
            let path = "\(section.path).bind.\(index)"
            guard let entry = MappingReader(item, path: path, known: ["exchange", "key"], collector: collector),
                let binding = binding(from: entry)
            else { continue }
            if bindings.contains(binding) {
                collector.add(item.line, "\(path): the same binding twice")
            } else {
                bindings.append(binding)
            }
        }
        return bindings
    }

    private func binding(from entry: MappingReader) -> QueueBinding? {
        entry.requireKey("exchange")
        let key = entry.text("key")
        guard let alias = entry.text("exchange") else { return nil }
        guard let exchange = scope.exchanges.first(where: { $0.alias == alias }) else {
            let aliases = scope.exchanges.map(\.alias)
            let meant = alias.closest(in: aliases).map { "; did you mean '\($0)'?" }
            entry.addMistake(
                "exchange",
                "there is no exchange '\(alias.clipped)'\(meant ?? ": use " + aliases.joined(separator: ", "))"
            )
            return nil
        }
        guard exchange.kind != .fanout else {
            if let key, !key.isEmpty { entry.addMistake("key", "a fanout exchange takes no key") }
            return QueueBinding(exchange: exchange.name, key: "")
        }
        entry.requireKey("key")
        guard let key else { return nil }
        if key.isEmpty || key.utf8.count > QueueName.longestRoutingKey {
            entry.addMistake("key", "a routing key has 1 to \(QueueName.longestRoutingKey) bytes")
        } else if exchange.kind == .direct, key.contains("*") || key.contains("#") {
            entry.addMistake("key", "'\(key.clipped)': a direct exchange knows no wildcards")
        }
        return QueueBinding(exchange: exchange.name, key: key)
    }
}
