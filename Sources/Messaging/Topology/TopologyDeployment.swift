package import FlotillaModels

/// Compares a topology with a broker, and creates what the broker lacks.
package struct TopologyDeployment: Sendable {
    private let topology: Topology
    private let admin: any BrokerAdministration
    private let management: (any BrokerInspection)?

    /// - Parameter management: without it only existence and arguments of our own objects can be seen.
    package init(of topology: Topology, on admin: any BrokerAdministration, management: (any BrokerInspection)?) {
        self.topology = topology
        self.admin = admin
        self.management = management
    }

    /// What ``apply(progress:)`` did.
    package struct Outcome: Sendable, Hashable {
        /// What was missing and is there now.
        package var created: [TopologyDiff.Difference] = []
        /// Bindings made without knowing whether they were there before.
        package var ensuredBindings = 0
        /// What still differs, and is for a person to decide.
        package var remaining = TopologyDiff()
    }

    /// What the broker should hold, for the version that it has.
    package func plan() async throws(AMQPError) -> TopologyPlan {
        let text = await admin.serverVersion
        guard let version = ServerVersion(text: text) else {
            throw unsupported("the server's version '\(text)' can't be read")
        }
        guard version >= ServerVersion.oldestSupported else {
            throw unsupported("RabbitMQ \(version) is too old: \(ServerVersion.oldestSupported) or later is needed")
        }
        return TopologyPlan(topology, server: version)
    }

    private func unsupported(_ detail: String) -> AMQPError {
        AMQPError(code: .configuration, operation: "plan the topology", detail: detail)
    }

    /// What differs; changes nothing.
    package func diff() async throws -> TopologyDiff {
        try await diff(of: try await plan())
    }

    private func diff(of plan: TopologyPlan) async throws -> TopologyDiff {
        guard let management else { return try await probe(plan) }
        return TopologyDiff(plan: plan, state: try await management.state())
    }

    /// Creates what is missing, in an order in which no message could be lost; deletes and redeclares nothing.
    ///
    /// - Parameter progress: called with each object once it exists.
    package func apply(progress: (TopologyDiff.Difference) -> Void = { _ in }) async throws -> Outcome {
        let plan = try await plan()
        var outcome = Outcome(remaining: try await diff(of: plan))
        func create(
            _ object: TopologyDiff.Object,
            _ name: String,
            _ declare: () async throws(AMQPError) -> Void
        ) async throws(AMQPError) {
            let index = outcome.remaining.differences.firstIndex {
                $0.kind == .missing && $0.object == object && $0.name == name
            }
            guard let index else { return }
            do {
                try await declare()
                let difference = outcome.remaining.differences.remove(at: index)
                outcome.created.append(difference)
                progress(difference)
            } catch  where error.isInequivalent {
                // Somebody created it in the meantime, in another way.
                outcome.remaining.differences[index].kind = .changed
                outcome.remaining.differences[index].detail = error.detail
            }
        }
        for exchange in plan.exchanges {
            try await create(.exchange, exchange.name) { () throws(AMQPError) in try await admin.declare(exchange) }
        }
        for queue in plan.queues {
            try await create(.queue, queue.name) { () throws(AMQPError) in try await admin.declare(queue) }
        }
        for binding in plan.bindings {
            if management == nil {
                try await admin.declare(binding)
                outcome.ensuredBindings += 1
            } else {
                try await create(.binding, binding.description) { () throws(AMQPError) in
                    try await admin.declare(binding)
                }
            }
        }
        return outcome
    }

    /// What can be seen over AMQP alone. Declaring what exists changes nothing, and is refused where it differs.
    private func probe(_ plan: TopologyPlan) async throws(AMQPError) -> TopologyDiff {
        var diff = TopologyDiff()
        func compare(
            _ object: TopologyDiff.Object,
            _ name: String,
            _ kind: String,
            exists: Bool,
            _ declare: () async throws(AMQPError) -> Void
        ) async throws(AMQPError) {
            guard exists else { return diff.differences.append(.init(.missing, object, name, kind)) }
            do {
                try await declare()
            } catch  where error.isInequivalent {
                diff.differences.append(.init(.changed, object, name, error.detail))
            }
        }
        for exchange in plan.exchanges {
            let exists = try await admin.exchangeExists(exchange.name)
            try await compare(.exchange, exchange.name, exchange.kind.rawValue, exists: exists) {
                () throws(AMQPError) in try await admin.declare(exchange)
            }
        }
        for queue in plan.queues {
            let exists = try await admin.queueDepth(queue.name) != nil
            try await compare(.queue, queue.name, queue.type, exists: exists) { () throws(AMQPError) in
                try await admin.declare(queue)
            }
        }
        diff.notes.append(
            "without RABBITMQ_MANAGEMENT_URL, bindings, policies and what is on the broker beside the file can't be seen"
        )
        return diff
    }
}

extension AMQPError {
    /// Whether an object exists in another way than it was declared.
    fileprivate var isInequivalent: Bool { code == .broker(replyCode: 406) }
}
