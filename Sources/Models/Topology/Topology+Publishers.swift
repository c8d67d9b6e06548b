extension Topology {
    /// The short name of the exchange for commands from outside.
    package static let outsideCommandsAlias = "commands"

    /// The exchange to which publishers send commands, `<namespace>.commands`; `nil` where no publishers are listed.
    ///
    /// A topic exchange, since only there the broker checks routing keys. The direct exchange is the fleet's alone.
    public var outsideCommands: Exchange? {
        otherExchanges.first { $0.alias == Self.outsideCommandsAlias && $0.kind == .topic }
    }

    /// Adds the exchange for commands from outside, and binds to it what a publisher may send, beside the direct exchange.
    ///
    /// Of a topology that is changed later it is called again; without publishers it changes nothing.
    package mutating func openToPublishers() {
        guard let publishers else { return }
        let exchange =
            outsideCommands
            ?? Exchange(
                alias: Self.outsideCommandsAlias,
                name: "\(namespace).\(Self.outsideCommandsAlias)",
                kind: .topic
            )
        if outsideCommands == nil { otherExchanges.append(exchange) }
        for index in queues.indices {
            let keys = queues[index].bindings.filter { $0.exchange == commands.name }.map(\.key)
            for key in keys where publishers.allowsCommand(key) {
                let binding = QueueBinding(exchange: exchange.name, key: key)
                if !queues[index].bindings.contains(binding) { queues[index].bindings.append(binding) }
            }
        }
    }
}
