package import FlotillaModels

/// Everything that a topology wants on a broker of a certain version, in the order in which to create it.
///
/// What a message needs to be kept comes before what brings messages: dead-letter queues before queues, the exit of
/// the delay ladder before its entrance, bindings last.
package struct TopologyPlan: Sendable, Hashable {
    package private(set) var exchanges: [ExchangeDeclaration] = []
    package private(set) var queues: [QueueDeclaration] = []
    package private(set) var bindings: [BindingDeclaration] = []
    /// The prefix of the fleet's own exchanges.
    package let namespace: String
    /// The first words of the names of the topology's queues.
    package let services: Set<String>

    package init(_ topology: Topology, server: ServerVersion) {
        namespace = topology.namespace
        services = Set(topology.queues.map(\.service))
        exchanges = topology.exchanges.map { ExchangeDeclaration(name: $0.name, kind: $0.kind) }
        addLadder(topology.delay, server)
        for queue in topology.queues { add(queue, topology.delay, server) }
    }

    /// Dead-lettering that loses nothing: the broker keeps a message until its next queue has confirmed it.
    private static let atLeastOnce: [HeaderTable.Entry] = [
        .init(name: "x-dead-letter-strategy", value: "at-least-once"),
        .init(name: "x-overflow", value: "reject-publish"),
    ]

    private func unlimited(_ server: ServerVersion) -> [HeaderTable.Entry] {
        server.hasDefaultDeliveryLimit ? [.init(name: "x-delivery-limit", value: -1)] : []
    }

    private mutating func addLadder(_ ladder: DelayLadder, _ server: ServerVersion) {
        exchanges.append(ExchangeDeclaration(name: ladder.exit, kind: .topic))
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

    private mutating func add(_ queue: QueueDefinition, _ ladder: DelayLadder, _ server: ServerVersion) {
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
        let digits = String(repeating: "*.", count: ladder.levels)
        bindings.append(
            BindingDeclaration(source: ladder.exit, destination: queue.name, kind: .queue, key: digits + queue.name)
        )
        bindings += queue.bindings.map {
            BindingDeclaration(source: $0.exchange, destination: queue.name, kind: .queue, key: $0.key)
        }
    }
}
