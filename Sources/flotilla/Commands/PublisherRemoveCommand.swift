import FlotillaCommandLineKit
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations

/// `flotilla publisher remove`: takes away the broker's user of a service that publishes no more.
enum PublisherRemoveCommand {
    private static let service = Argument<String>(
        "SERVICE",
        "Its name in the section publishers of queues.yaml; the name of its user once its line is gone"
    )
    private static let force = Flag("force", "Although queues.yaml lists it, or it may do nothing in this virtual host")
    private static let yes = Flag("yes", "Do it")

    static let command = Command(
        "remove",
        "Removes a service's user from the broker, with its permissions",
        takes: [service, force, yes],
        details:
            "Take its line out of queues.yaml first: as long as it is there, the user stays unless --force is given. The "
            + "broker closes the connections that the user has, in every virtual host. The fleet's own users and those "
            + "with a tag, such as administrators, are never removed.",
        examples: ["flotilla publisher remove shop --yes", "flotilla publisher remove shop --force --yes"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        let service = invocation[service]
        let publisher = topology.publishers?.publishers.first { $0.service == service }
        if publisher != nil, !invocation[force] {
            throw CommandError(
                "queues.yaml lists the publisher \(service)",
                remedy: "take its line out, or say --force",
                status: .wrongUse
            )
        }
        let user = publisher?.user ?? service
        if publisher == nil, let other = topology.publishers?.publishers.first(where: { $0.user == user }) {
            throw CommandError("\(user) is the user of \(other.service)", status: .wrongUse)
        }
        guard try user != configuration.rabbitMQ().user, topology.publishers?.fleetUsers.contains(user) != true else {
            throw CommandError("\(user) is a user of the fleet", status: .wrongUse)
        }
        guard invocation[yes] else {
            throw CommandError(
                "this removes the broker's user \(user) and closes its connections",
                remedy: "say --yes to do it",
                status: .wrongUse
            )
        }
        try await PublisherCommands.withManagement(configuration) { management in
            try check(user, try await management.access(), isForced: invocation[force])
            try await management.removeUser(user)
        }
        await OperatorEvent("publisher.remove", of: user).record(configuration, orNoteOn: invocation.console)
        invocation.console.note("Removed the user \(user)")
        return .done
    }

    /// Throws unless it is a user whom a publisher could have.
    private static func check(_ user: String, _ access: BrokerAccess, isForced: Bool) throws(CommandError) {
        guard let tags = access.users[user] else {
            throw CommandError("there is no user \(user)", remedy: "see flotilla publisher list")
        }
        guard tags.isEmpty else {
            throw CommandError(
                "\(user) has the tag \(tags.sorted().joined(separator: ", ")), which no publisher needs",
                remedy: "remove it on the broker, or take its tags away first"
            )
        }
        let isOfFleet =
            access.permissions.contains { $0.user == user } || access.topicPermissions.contains { $0.user == user }
        guard isOfFleet || isForced else {
            throw CommandError("\(user) may do nothing in this virtual host", remedy: "say --force to remove it anyway")
        }
    }
}
