package import FlotillaModels

extension TopologyDiff {
    /// Adds what differs between the publishers of a topology and what the broker lets its users do.
    ///
    /// - Parameter user: the fleet's own on the broker.
    package mutating func compare(publishersOf topology: Topology, with access: BrokerAccess, user: String?) {
        let fleet = Set(topology.publishers?.fleetUsers ?? []).union(user.map { [$0] } ?? [])
        comparePublishers(of: topology, access, fleet)
        let listed = Set(topology.publishers?.publishers.map(\.user) ?? [])
        let others = access.permissions.filter { !fleet.contains($0.user) && !listed.contains($0.user) }
        var open: [String] = []
        for permission in others.sorted(by: { $0.user < $1.user }) {
            let exchanges = topology.exchangesToGuard.filter { permission.mayWrite(to: $0) ?? true }
            guard let first = exchanges.first else { continue }
            open.append(permission.user)
            let more = exchanges.count > 1 ? " and \(exchanges.count - 1) more" : ""
            guard topology.publishers != nil else { continue }
            differences.append(
                Difference(
                    .extra,
                    .permission,
                    permission.user,
                    "may publish to \(first)\(more), and no line of publishers lists it"
                )
            )
        }
        if topology.publishers == nil, !open.isEmpty {
            notes.append(
                "queues.yaml lists no publishers, so these users may send every event and command, and headers of the fleet: "
                    + open.joined(separator: ", ")
            )
        }
    }

    private mutating func comparePublishers(of topology: Topology, _ access: BrokerAccess, _ fleet: Set<String>) {
        let wanted = PublisherPermissions(topology)
        for publisher in topology.publishers?.publishers ?? [] {
            let user = publisher.user
            guard !fleet.contains(user) else {
                differences.append(
                    Difference(.changed, .user, user, "is the fleet's own, and can't be held to \(publisher.service)")
                )
                continue
            }
            guard let tags = access.users[user] else {
                differences.append(
                    Difference(
                        .missing,
                        .user,
                        user,
                        "of \(publisher.service); flotilla publisher create \(publisher.service) makes it"
                    )
                )
                continue
            }
            let dangerous = tags.intersection(["administrator", "impersonator"]).sorted()
            if !dangerous.isEmpty {
                differences.append(
                    Difference(
                        .changed,
                        .user,
                        user,
                        "has the tag \(dangerous.joined(separator: ", ")), by which it gets round its permissions"
                    )
                )
            }
            let (topics, permission) = wanted.of(user)
            for topic in topics {
                let found = access.topicPermissions.first { $0.user == user && $0.exchange == topic.exchange }
                compare(found?.description, topic.description, .topicPermission, topic.name)
            }
            guard let permission else { continue }
            let found = access.permissions.first { $0.user == user }
            compare(found?.description, permission.description, .permission, user)
        }
    }

    private mutating func compare(_ found: String?, _ wanted: String, _ object: Object, _ name: String) {
        guard found != wanted else { return }
        let detail = found.map { "is \($0), wanted \(wanted)" } ?? wanted
        differences.append(Difference(found == nil ? .missing : .drifted, object, name, detail))
    }
}

extension Topology {
    /// The exchanges by which messages come into the fleet; the default one by the name that permissions have for it.
    fileprivate var exchangesToGuard: [String] { exchanges.map(\.name) + [delay.entryExchange, "amq.default"] }
}
