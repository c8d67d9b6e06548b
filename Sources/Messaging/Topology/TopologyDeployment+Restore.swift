import FlotillaModels

extension TopologyDeployment {
    /// Exchanges and queues of a plan that are not on the broker.
    struct Missing {
        var exchanges: [ExchangeDeclaration] = []
        var queues: [QueueDeclaration] = []

        var isEmpty: Bool { exchanges.isEmpty && queues.isEmpty }
    }

    /// Asks for each object of the plan.
    func missing(of plan: TopologyPlan) async throws(AMQPError) -> Missing {
        var missing = Missing()
        for queue in plan.queues {
            let depth = try await admin.queueDepth(queue.name)
            if depth == nil { missing.queues.append(queue) }
        }
        for exchange in plan.exchanges {
            let exists = try await admin.exchangeExists(exchange.name)
            if !exists { missing.exchanges.append(exchange) }
        }
        return missing
    }

    /// Declares what is missing, and the bindings that went with it; all bindings when nothing else is missing, since
    /// somebody else may be half-way.
    ///
    /// What takes everything is bound first, other than by ``apply(progress:)``: it is what the other queues are brought
    /// from afterwards, and nothing could bring it what went to them alone.
    /// - Returns: what is there now.
    func declare(_ missing: Missing, of plan: TopologyPlan) async throws(AMQPError) -> [TopologyDiff.Difference] {
        var made: [TopologyDiff.Difference] = []
        for exchange in missing.exchanges {
            do {
                try await admin.declare(exchange)
                made.append(.init(.missing, .exchange, exchange.name, exchange.kind.rawValue))
            } catch { try Self.checkMadeOtherwise(error) }
        }
        for queue in missing.queues {
            do {
                try await admin.declare(queue)
                made.append(.init(.missing, .queue, queue.name, queue.type))
            } catch { try Self.checkMadeOtherwise(error) }
        }
        let names = Set(missing.exchanges.map(\.name) + missing.queues.map(\.name))
        let bindings = plan.bindings.filter {
            missing.isEmpty || names.contains($0.source) || names.contains($0.destination)
        }
        let isForAll = { (binding: BindingDeclaration) in binding.kind == .queue && binding.key == "#" }
        for binding in bindings where isForAll(binding) { try await admin.declare(binding) }
        for binding in bindings where !isForAll(binding) { try await admin.declare(binding) }
        // As in apply(): with both ways out of the ladder every retry would come twice.
        if bindings.contains(plan.ladderExit) {
            for old in plan.obsoleteBindings { try await admin.unbind(old) }
        }
        return made
    }

    /// That somebody has made it in the meantime, in another way, is left to a person.
    private static func checkMadeOtherwise(_ error: AMQPError) throws(AMQPError) {
        guard error.code == .broker(replyCode: 406) else { throw error }
    }
}
