package import FlotillaModels

/// Compares a topology with a broker, and creates what the broker lacks.
package struct TopologyDeployment: Sendable {
    private let topology: Topology
    let admin: any BrokerAdministration
    let management: (any BrokerInspection)?
    private let control: (any BrokerAccessControl)?
    private let user: String?

    /// - Parameters:
    ///   - management: without it only existence and arguments of our own objects can be seen.
    ///   - control: without it the permissions of publishers stay as they are.
    ///   - user: the fleet's own on the broker.
    package init(
        of topology: Topology,
        on admin: any BrokerAdministration,
        management: (any BrokerInspection)?,
        control: (any BrokerAccessControl)? = nil,
        user: String? = nil
    ) {
        self.topology = topology
        self.admin = admin
        self.management = management
        self.control = control
        self.user = user
    }

    /// What ``apply(progress:)`` did.
    package struct Outcome: Sendable, Hashable {
        /// What was missing and is there now.
        package var created: [TopologyDiff.Difference] = []
        /// Bindings made without knowing whether they were there before.
        package var ensuredBindings = 0
        /// Permissions of publishers that were otherwise, and are as the file wants now.
        package var mended: [TopologyDiff.Difference] = []
        /// Bindings of an earlier version that are gone now; empty where bindings can't be seen.
        package var removed: [TopologyDiff.Difference] = []
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
        let state = try await management.state()
        var diff = TopologyDiff(plan: plan, state: state)
        if let access = state.access {
            diff.compare(publishersOf: topology, with: access, user: user)
        } else if topology.publishers != nil {
            let reason = state.accessProblem.map { ": \($0)" } ?? ""
            diff.notes.append("whether the broker holds publishers to their lines can't be seen" + reason)
        }
        return diff
    }

    /// Creates what is missing, in an order in which no message could be lost; deletes and redeclares nothing.
    ///
    /// The one exception are bindings that an earlier version made and that are in the way now. They are removed once
    /// what stands in for them is there.
    ///
    /// - Parameter progress: called with each object once it exists, and with each binding that was removed.
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
            if binding == plan.ladderExit {
                for old in plan.obsoleteBindings { try await remove(old, &outcome, progress) }
            }
        }
        try await setPermissions(&outcome, progress)
        return outcome
    }

    /// Topic permissions first: with a permission and without them, every routing key passes.
    private func setPermissions(
        _ outcome: inout Outcome,
        _ progress: (TopologyDiff.Difference) -> Void
    ) async throws {
        guard let control else { return }
        func set(
            _ object: TopologyDiff.Object,
            _ name: String,
            _ change: () async throws -> Void
        ) async throws {
            let index = outcome.remaining.differences.firstIndex {
                ($0.kind == .missing || $0.kind == .drifted) && $0.object == object && $0.name == name
            }
            guard let index else { return }
            try await change()
            let difference = outcome.remaining.differences.remove(at: index)
            if difference.kind == .missing {
                outcome.created.append(difference)
            } else {
                outcome.mended.append(difference)
            }
            progress(difference)
        }
        // Only what differs is set; a publisher with the fleet's own user does not, lest the fleet itself is shut out.
        let wanted = PublisherPermissions(topology)
        for topic in wanted.topicPermissions {
            try await set(.topicPermission, topic.name) { try await control.set(topic) }
        }
        for permission in wanted.permissions {
            try await set(.permission, permission.user) { try await control.set(permission) }
        }
    }

    /// Without the management API nobody can tell whether there is such a binding; to remove none is no error.
    private func remove(
        _ binding: BindingDeclaration,
        _ outcome: inout Outcome,
        _ progress: (TopologyDiff.Difference) -> Void
    ) async throws(AMQPError) {
        let index = outcome.remaining.differences.firstIndex {
            $0.kind == .obsolete && $0.object == .binding && $0.name == binding.description
        }
        guard management == nil || index != nil else { return }
        try await admin.unbind(binding)
        guard let index else { return }
        let difference = outcome.remaining.differences.remove(at: index)
        outcome.removed.append(difference)
        progress(difference)
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
        if topology.publishers != nil {
            diff.notes.append(
                "without RABBITMQ_MANAGEMENT_URL, whether the broker holds publishers to their lines can't be seen"
            )
        }
        return diff
    }
}

extension AMQPError {
    /// Whether an object exists in another way than it was declared.
    fileprivate var isInequivalent: Bool { code == .broker(replyCode: 406) }
}
