import FlotillaModels

/// What differs between a plan and a broker.
package struct TopologyDiff: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// In the file, not on the broker: `apply` creates it.
        case missing
        /// On the broker under our names, not in the file.
        case extra
        /// There, but not as the file wants it; only deleting and creating it anew changes that.
        case changed
        /// A permission is otherwise than the file wants: `apply` puts it right.
        case drifted
        /// Made by an earlier version, and in the way now: `apply` removes it.
        case obsolete
        /// A policy of the broker changes how one of our queues keeps messages.
        case policy
    }

    package enum Object: String, Sendable, Hashable {
        case exchange, queue, binding, policy, user, permission
        case topicPermission = "topic permission"
    }

    package struct Difference: Sendable, Hashable {
        package var kind: Kind
        package var object: Object
        package var name: String
        /// What differs, in words; may be empty.
        package var detail: String

        package init(_ kind: Kind, _ object: Object, _ name: String, _ detail: String = "") {
            self.kind = kind
            self.object = object
            self.name = name
            self.detail = detail
        }
    }

    package var differences: [Difference]
    /// What could not be seen, in words.
    package var notes: [String]

    package init(differences: [Difference] = [], notes: [String] = []) {
        self.differences = differences
        self.notes = notes
    }

    package var isEmpty: Bool { differences.isEmpty }

    package func contains(_ kind: Kind, _ object: Object, _ name: String) -> Bool {
        differences.contains { $0.kind == kind && $0.object == object && $0.name == name }
    }
}

extension TopologyDiff {
    /// Compares a plan with what the management API reported of the broker.
    package init(plan: TopologyPlan, state: BrokerState) {
        self.init(notes: state.notes)
        compareExchanges(plan, state)
        compareQueues(plan, state)
        compareBindings(plan, state)
        comparePolicies(plan, state)
    }

    private mutating func compareExchanges(_ plan: TopologyPlan, _ state: BrokerState) {
        for wanted in plan.exchanges {
            guard let found = state.exchanges[wanted.name] else {
                differences.append(Difference(.missing, .exchange, wanted.name, wanted.kind.rawValue))
                continue
            }
            var changes: [String] = []
            if found.kind != wanted.kind.rawValue {
                changes.append("type is \(found.kind), wanted \(wanted.kind.rawValue)")
            }
            if !found.isDurable { changes.append("is transient, wanted durable") }
            if found.alternate != wanted.alternate {
                changes.append(
                    "alternate-exchange is \(found.alternate ?? "not set"), wanted \(wanted.alternate ?? "not set")"
                )
            }
            if !changes.isEmpty {
                differences.append(Difference(.changed, .exchange, wanted.name, changes.joined(separator: "; ")))
            }
        }
        let wanted = Set(plan.exchanges.map(\.name))
        for name in state.exchanges.keys.sorted() where !wanted.contains(name) && name.hasPrefix(plan.namespace + ".") {
            differences.append(Difference(.extra, .exchange, name))
        }
    }

    private mutating func compareQueues(_ plan: TopologyPlan, _ state: BrokerState) {
        for wanted in plan.queues {
            guard let found = state.queues[wanted.name] else {
                differences.append(Difference(.missing, .queue, wanted.name, wanted.type))
                continue
            }
            var changes = Self.changes(from: found.arguments, to: wanted.arguments)
            if !found.isDurable { changes.append("is transient, wanted durable") }
            if !changes.isEmpty {
                differences.append(Difference(.changed, .queue, wanted.name, changes.joined(separator: "; ")))
            }
        }
        let wanted = Set(plan.queues.map(\.name))
        for name in state.queues.keys.sorted() where !wanted.contains(name) && plan.owns(queue: name) {
            differences.append(Difference(.extra, .queue, name))
        }
    }

    private mutating func compareBindings(_ plan: TopologyPlan, _ state: BrokerState) {
        for wanted in plan.bindings where !state.bindings.contains(wanted) {
            differences.append(Difference(.missing, .binding, wanted.description))
        }
        for old in plan.obsoleteBindings where state.bindings.contains(old) {
            differences.append(
                Difference(.obsolete, .binding, old.description, "retries go by \(plan.ladderExit.destination) now")
            )
        }
        let wanted = Set(plan.bindings + plan.obsoleteBindings)
        let queues = Set(plan.queues.map(\.name))
        let exchanges = Set(plan.exchanges.map(\.name))
        // Another team's queue on our exchange is its own affair; what comes into ours is not.
        let extra = state.bindings.filter { binding in
            !wanted.contains(binding) && (binding.kind == .queue ? queues : exchanges).contains(binding.destination)
        }
        differences += extra.map(\.description).sorted().map { Difference(.extra, .binding, $0) }
    }

    private mutating func comparePolicies(_ plan: TopologyPlan, _ state: BrokerState) {
        var unreadable: Set<String> = []
        for queue in plan.queues {
            for isOperator in [false, true] {
                let matching = state.policies.filter { policy in
                    guard policy.isOperator == isOperator else { return false }
                    guard let applies = policy.applies(to: queue) else {
                        unreadable.insert(policy.name)
                        return false
                    }
                    return applies
                }
                // Of all that match, the broker uses the one of the highest priority.
                guard let policy = matching.max(by: { $0.priority < $1.priority }) else { continue }
                let effects = policy.effects(on: queue)
                guard !effects.isEmpty else { continue }
                let kind = policy.isOperator ? "operator policy" : "policy"
                differences.append(
                    Difference(
                        .policy,
                        .queue,
                        queue.name,
                        "\(kind) '\(policy.name)' sets \(effects.joined(separator: ", "))"
                    )
                )
            }
        }
        notes += unreadable.sorted().map {
            "the pattern of policy '\($0)' could not be read; check by hand what it matches"
        }
    }

    /// What differs between the arguments of a queue, in words.
    private static func changes(from found: HeaderTable, to wanted: HeaderTable) -> [String] {
        let names = Set(found.entries.map(\.name)).union(wanted.entries.map(\.name)).sorted()
        return names.compactMap { name in
            let (left, right) = (value(found[name], of: name), value(wanted[name], of: name))
            return left == right ? nil : "\(name) is \(left ?? "not set"), wanted \(right ?? "not set")"
        }
    }

    /// As text: the broker does not keep the width of a number. A queue without a type is a classic one.
    private static func value(_ value: FieldValue?, of name: String) -> String? {
        guard let value else { return name == "x-queue-type" ? "'classic'" : nil }
        if let number = value.integer { return String(number) }
        if let text = value.text { return "'\(text)'" }
        return "\(value)"
    }
}

extension TopologyPlan {
    /// Whether a queue's name is one that only this topology should have.
    func owns(queue name: String) -> Bool {
        if name.hasPrefix("\(namespace).delay.") { return true }
        let origin = QueueName.origin(ofDeadLetterQueue: name) ?? name
        return services.contains(QueueName.service(of: origin))
    }
}
