package import FlotillaModels

/// Everything that a topology wants on a broker of a certain version, in the order in which to create it.
///
/// What a message needs to be kept comes before what brings messages: dead-letter queues before queues, the exit of
/// the delay ladder before its entrance, bindings last. Of the bindings, those that take everything come last: a
/// publisher is told that its message was routed as soon as one queue takes it.
package struct TopologyPlan: Sendable, Hashable {
    package private(set) var exchanges: [ExchangeDeclaration] = []
    package private(set) var queues: [QueueDeclaration] = []
    package private(set) var bindings: [BindingDeclaration] = []
    /// Bindings of earlier versions, to be removed as soon as ``ladderExit`` is there.
    ///
    /// While both are, what leaves the ladder comes twice, which the inbox absorbs; the other way round it would wait
    /// in the lowest level, for minutes.
    package private(set) var obsoleteBindings: [BindingDeclaration] = []
    /// The binding by which messages leave the ladder for the exit queues.
    package let ladderExit: BindingDeclaration
    /// The prefix of the fleet's own exchanges.
    package let namespace: String
    /// The first words of the names of the topology's queues.
    package let services: Set<String>

    package init(_ topology: Topology, server: ServerVersion) {
        let ladder = topology.delay
        namespace = topology.namespace
        services = Set(topology.queues.map(\.service))
        ladderExit = BindingDeclaration(
            source: ladder.exit,
            destination: ladder.returnExchange,
            kind: .exchange,
            key: "#"
        )
        exchanges = topology.exchanges.map { ExchangeDeclaration(name: $0.name, kind: $0.kind) }
        addLost(ladder, server)
        exchanges += [
            ExchangeDeclaration(name: ladder.returnExchange, kind: .topic, alternate: ladder.lost),
            ExchangeDeclaration(name: ladder.exit, kind: .topic),
        ]
        for queue in topology.queues {
            add(queue, server)
            addExit(of: queue, ladder, server)
        }
        bindings.append(ladderExit)
        addLevels(ladder, server)
        addEventBindings(topology)
    }

    /// Dead-lettering that loses nothing: the broker keeps a message until its next queue has confirmed it.
    private static let atLeastOnce: [HeaderTable.Entry] = [
        .init(name: "x-dead-letter-strategy", value: "at-least-once"),
        .init(name: "x-overflow", value: "reject-publish"),
    ]

    private func unlimited(_ server: ServerVersion) -> [HeaderTable.Entry] {
        server.hasDefaultDeliveryLimit ? [.init(name: "x-delivery-limit", value: -1)] : []
    }

    private mutating func addLevels(_ ladder: DelayLadder, _ server: ServerVersion) {
        for level in 0..<ladder.levels {
            let name = ladder.name(of: level)
            let next = level == 0 ? ladder.exit : ladder.name(of: level - 1)
            exchanges.append(ExchangeDeclaration(name: name, kind: .topic))
            let arguments: [HeaderTable.Entry] = [
                .init(name: "x-queue-type", value: "quorum"),
                .init(name: "x-message-ttl", value: .int64(ladder.delay(of: level).milliseconds)),
                .init(name: "x-dead-letter-exchange", value: .string(next)),
            ]
            queues.append(
                QueueDeclaration(name: name, arguments: HeaderTable(arguments + Self.atLeastOnce + unlimited(server)))
            )
            // The digit of the highest level is the first word of the key.
            let before = String(repeating: "*.", count: ladder.levels - 1 - level)
            bindings += [
                BindingDeclaration(source: name, destination: name, kind: .queue, key: "\(before)1.#"),
                BindingDeclaration(source: name, destination: next, kind: .exchange, key: "\(before)0.#"),
            ]
        }
    }

    /// Where messages stay, and are seen, whose target has no exit queue: in a level they would hold up all others.
    private mutating func addLost(_ ladder: DelayLadder, _ server: ServerVersion) {
        exchanges.append(ExchangeDeclaration(name: ladder.lost, kind: .fanout))
        let arguments: [HeaderTable.Entry] = [
            .init(name: "x-queue-type", value: "quorum"), .init(name: "x-overflow", value: "reject-publish"),
        ]
        queues.append(QueueDeclaration(name: ladder.lost, arguments: HeaderTable(arguments + unlimited(server))))
        bindings.append(BindingDeclaration(source: ladder.lost, destination: ladder.lost, kind: .queue, key: ""))
    }

    /// A message stays in an exit queue for no time; the broker takes it out at once to bring it to the target.
    private mutating func addExit(of queue: QueueDefinition, _ ladder: DelayLadder, _ server: ServerVersion) {
        let name = ladder.exitQueue(of: queue.name)
        let arguments: [HeaderTable.Entry] = [
            .init(name: "x-queue-type", value: "quorum"),
            .init(name: "x-message-ttl", value: 0),
            .init(name: "x-dead-letter-exchange", value: ""),
            .init(name: "x-dead-letter-routing-key", value: .string(queue.name)),
        ]
        queues.append(
            QueueDeclaration(name: name, arguments: HeaderTable(arguments + Self.atLeastOnce + unlimited(server)))
        )
        let key = String(repeating: "*.", count: ladder.levels) + queue.name
        bindings.append(BindingDeclaration(source: ladder.returnExchange, destination: name, kind: .queue, key: key))
        obsoleteBindings.append(
            BindingDeclaration(source: ladder.exit, destination: queue.name, kind: .queue, key: key)
        )
    }

    private mutating func add(_ queue: QueueDefinition, _ server: ServerVersion) {
        var dead: [HeaderTable.Entry] = [.init(name: "x-queue-type", value: .string(queue.kind.rawValue))]
        var arguments = dead
        arguments += [
            .init(name: "x-dead-letter-exchange", value: ""),
            .init(name: "x-dead-letter-routing-key", value: .string(queue.deadLetterQueue)),
        ]
        switch queue.kind {
        case .quorum:
            arguments += Self.atLeastOnce
            arguments.append(.init(name: "x-delivery-limit", value: .int64(Int64(queue.crashLimit))))
            dead += unlimited(server)
        case .classic:
            arguments.append(.init(name: "x-overflow", value: "reject-publish"))
        }
        // Should somebody give it a maximum length: refuse, and leave the message where it is, rather than drop one.
        dead.append(.init(name: "x-overflow", value: "reject-publish"))
        if let length = queue.maxLength { arguments.append(.init(name: "x-max-length", value: .int64(Int64(length)))) }
        queues.append(QueueDeclaration(name: queue.deadLetterQueue, arguments: HeaderTable(dead)))
        queues.append(QueueDeclaration(name: queue.name, arguments: HeaderTable(arguments)))
    }

    private mutating func addEventBindings(_ topology: Topology) {
        let kinds = Dictionary(topology.exchanges.map { ($0.name, $0.kind) }) { first, _ in first }
        let wanted = topology.queues.flatMap { queue in
            queue.bindings.map {
                BindingDeclaration(source: $0.exchange, destination: queue.name, kind: .queue, key: $0.key)
            }
        }
        let byBreadth = Dictionary(grouping: wanted) { Self.breadth(of: $0.key, on: kinds[$0.source] ?? .topic) }
        for breadth in byBreadth.keys.sorted() { bindings += byBreadth[breadth] ?? [] }
    }

    /// How much a binding takes: 0 for one key, 3 for everything.
    private static func breadth(of key: String, on kind: Exchange.Kind) -> Int {
        switch kind {
        case .direct: return 0
        case .fanout: return 3
        case .topic:
            let words = key.split(separator: ".", omittingEmptySubsequences: false)
            guard words.contains("#") else { return words.contains("*") ? 1 : 0 }
            return words.allSatisfy { $0 == "#" || $0 == "*" } ? 3 : 2
        }
    }
}
