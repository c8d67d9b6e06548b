import FlotillaMessaging
import FlotillaModels
import Testing

struct PublisherPlanTests {
    private let topology = Topology(
        queues: [
            QueueDefinition(
                name: "mail.send",
                worker: "w",
                bindings: [QueueBinding(exchange: "fleet.direct", key: "mail.send")]
            )
        ],
        publishers: PublisherList(
            [Publisher(service: "shop", user: "shop", events: ["order.*"], commands: ["mail.send"], reply: "shop.#")],
            fleetUsers: ["fleet-api"]
        )
    )

    private var access: BrokerAccess {
        let wanted = PublisherPermissions(topology)
        let open = UserPermission(user: "", configure: ".*", write: ".*", read: ".*")
        var own = [open, open]
        (own[0].user, own[1].user) = ("fleet", "fleet-api")
        return BrokerAccess(
            users: ["fleet": ["administrator"], "fleet-api": [], "shop": [], "reader": []],
            permissions: own + wanted.permissions
                + [UserPermission(user: "reader", configure: "", write: "", read: ".*")],
            topicPermissions: wanted.topicPermissions
        )
    }

    private func diff(_ access: BrokerAccess, of topology: Topology? = nil) -> TopologyDiff {
        var diff = TopologyDiff()
        diff.compare(publishersOf: topology ?? self.topology, with: access, user: "fleet")
        return diff
    }

    @Test func `a line becomes permissions for two exchanges and the reply queues`() {
        let wanted = PublisherPermissions(topology)
        #expect(
            wanted.permissions == [
                UserPermission(
                    user: "shop",
                    configure: #"^shop(?:\.[^.]*)*\z"#,
                    write: #"^(?:fleet\.topic|fleet\.commands)\z"#,
                    read: #"^shop(?:\.[^.]*)*\z"#
                )
            ]
        )
        #expect(
            wanted.topicPermissions == [
                TopicPermission(user: "shop", exchange: "fleet.topic", write: #"^order\.[^.]*\z"#, read: "^$"),
                TopicPermission(user: "shop", exchange: "fleet.commands", write: #"^mail\.send\z"#, read: "^$"),
            ]
        )
    }

    @Test func `a broker as the file says differs in nothing`() { #expect(diff(access).isEmpty) }

    @Test func `what was changed by hand has drifted, what was cleared is missing`() {
        var changed = access
        changed.permissions[2].write = ".*"
        changed.topicPermissions.remove(at: 0)
        let found = diff(changed)
        #expect(found.contains(.drifted, .permission, "shop"))
        #expect(found.contains(.missing, .topicPermission, "shop on fleet.topic"))
        #expect(found.differences.count == 2)
    }

    @Test func `a user that is not there is missing, and one that gets round its permissions is told`() {
        var without = access
        without.users["shop"] = nil
        #expect(diff(without).differences.map(\.object) == [.user])
        var tagged = access
        tagged.users["shop"] = ["impersonator", "monitoring"]
        #expect(diff(tagged).contains(.changed, .user, "shop"))
    }

    @Test func `the fleet's own user is never held to a line`() {
        var mistaken = topology
        mistaken.publishers?.publishers[0].user = "fleet"
        let found = diff(access, of: mistaken)
        #expect(found.contains(.changed, .user, "fleet"))
        #expect(!found.differences.contains { $0.name.hasPrefix("fleet") && $0.kind != .changed })
    }

    @Test func `users who may write without a line are extra, and without publishers a note`() {
        var open = access
        open.permissions.append(UserPermission(user: "old", configure: "", write: "^fleet", read: ""))
        open.permissions.append(UserPermission(user: "default", configure: "", write: "^amq.default$", read: ""))
        let found = diff(open)
        #expect(found.differences.map(\.name) == ["default", "old"])
        #expect(found.differences.allSatisfy { $0.kind == .extra })
        var listless = topology
        listless.publishers = nil
        let note = diff(open, of: listless)
        #expect(note.isEmpty)
        #expect(note.notes.count == 1 && note.notes[0].hasSuffix(": default, fleet-api, old, shop"))
    }
}
