import FlotillaCommandLineKit
import FlotillaManagement
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform

/// `flotilla publisher`: the broker's users of the services that publish.
enum PublisherCommands {
    private static let service = Argument<String>("SERVICE", "Its name in the section publishers of queues.yaml")
    private static let passwordFile = Option<String>(
        "password-file",
        "PATH",
        "Where its password is read from (default a random one, shown once)"
    )

    static let all = Command(
        "publisher",
        "Makes, lists and removes the broker's users of services that publish over AMQP",
        details:
            "Which services there are, and what they may send, is in the section publishers of queues.yaml. It needs "
            + "RABBITMQ_MANAGEMENT_URL, with a user who has the tag administrator.",
        verbs: [create, list, rotate, PublisherRemoveCommand.command]
    )

    private static let create = Command(
        "create",
        "Makes a service's user with its permissions, and shows its password, this once",
        takes: [service, passwordFile, OutputFormat.option],
        details:
            "The password goes to standard output, everything else to standard error. One that was read from a file is "
            + "not shown.",
        examples: [
            "flotilla publisher create shop", "flotilla publisher create shop --password-file /run/secrets/shop",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let (topology, publisher) = try find(invocation[service], configuration)
        let password = try password(invocation)
        try await withManagement(configuration) { management in
            let access = try await management.access()
            guard access.users[publisher.user] == nil else {
                throw CommandError(
                    "there is a user \(publisher.user) already",
                    remedy:
                        "run flotilla publisher rotate \(publisher.service), or flotilla topology apply for its permissions"
                )
            }
            try await management.setUser(publisher.user, password: password)
            let (topics, permission) = PublisherPermissions(topology).of(publisher.user)
            for topic in topics { try await management.set(topic) }
            if let permission { try await management.set(permission) }
        }
        await OperatorEvent("publisher.create", of: publisher.user).record(configuration, orNoteOn: invocation.console)
        try show(password, of: publisher, in: invocation, configuration)
        return .done
    }

    private static let rotate = Command(
        "rotate",
        "Gives a service's user another password, and shows it, this once",
        takes: [service, passwordFile, OutputFormat.option],
        details:
            "Its connections that are open stay open; new ones need the new password. Its permissions stay as they are.",
        examples: ["flotilla publisher rotate shop"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let (_, publisher) = try find(invocation[service], configuration)
        let password = try password(invocation)
        try await withManagement(configuration) { management in
            guard let tags = try await management.access().users[publisher.user] else {
                throw CommandError(
                    "there is no user \(publisher.user)",
                    remedy: "run flotilla publisher create \(publisher.service)"
                )
            }
            try await management.setUser(publisher.user, password: password, tags: tags)
        }
        await OperatorEvent("publisher.rotate", of: publisher.user).record(configuration, orNoteOn: invocation.console)
        try show(password, of: publisher, in: invocation, configuration)
        return .done
    }

    private static let list = Command(
        "list",
        "Lists the services that publish, and whether the broker holds them to their lines",
        takes: [OutputFormat.option],
        examples: ["flotilla publisher list", "flotilla publisher list --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        guard let publishers = topology.publishers else { throw unlisted }
        let user = try configuration.rabbitMQ().user
        let access = try await withManagement(configuration) { try await $0.access() }
        var diff = TopologyDiff()
        diff.compare(publishersOf: topology, with: access, user: user)
        let rows = publishers.publishers.map { Row($0, diff) }
        try invocation.show(
            rows,
            as: Table(
                ["service", "user", "state", "events", "commands", "reply"],
                rows.map { row in
                    [
                        row.service, row.user, row.state, row.events.joined(separator: " "),
                        row.commands.joined(separator: " "), row.reply ?? "–",
                    ]
                }
            )
        )
        return .done
    }

    private struct Row: Encodable {
        let service: String
        let user: String
        let state: String
        let events: [String]
        let commands: [String]
        let reply: String?

        init(_ publisher: Publisher, _ diff: TopologyDiff) {
            (service, user, reply) = (publisher.service, publisher.user, publisher.reply)
            (events, commands) = (publisher.events, publisher.commands)
            let own = diff.differences.filter {
                $0.name == publisher.user || $0.name.hasPrefix("\(publisher.user) on ")
            }
            state =
                if own.contains(where: { $0.kind == .missing && $0.object == .user }) {
                    "no user"
                } else if own.isEmpty { "ok" } else { "differs" }
        }
    }

    private struct NewPassword: Encodable {
        let service: String
        let user: String
        let password: String?
        let url: String?
    }

    private static func show(
        _ password: Secret,
        of publisher: Publisher,
        in invocation: Invocation,
        _ configuration: Configuration
    ) throws {
        let isGiven = invocation[passwordFile] != nil
        let broker = try configuration.rabbitMQ()
        let credentials = [publisher.user, password.revealed].map(ManagementAPI.percentEncoded).joined(separator: ":")
        let host = broker.host.contains(":") ? "[\(broker.host)]" : broker.host
        let place = "\(host):\(broker.port)/\(ManagementAPI.percentEncoded(broker.virtualHost))"
        let url = "\(broker.tls == nil ? "amqp" : "amqps")://\(credentials)@\(place)"
        if invocation[OutputFormat.option] == .json {
            let shown = NewPassword(
                service: publisher.service,
                user: publisher.user,
                password: isGiven ? nil : password.revealed,
                url: isGiven ? nil : url
            )
            invocation.console.print(try JSONText.encode(shown))
        } else if isGiven {
            invocation.console.note("The user \(publisher.user) has the password of the file.")
        } else {
            invocation.console.note("The URL of \(publisher.service), with its password, is shown only now:")
            invocation.console.print(url)
        }
    }

    private static func password(_ invocation: Invocation) throws(CommandError) -> Secret {
        guard let path = invocation[passwordFile] else {
            return Secret(RandomBytes.make(24).hexadecimal)
        }
        guard let text = PrivateFile.read(path) else {
            throw CommandError("\(path) can't be read", status: .wrongUse)
        }
        let password = text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        guard password.utf8.count >= 12 else {
            throw CommandError("the password in \(path) is shorter than 12 bytes", status: .wrongUse)
        }
        return Secret(password)
    }

    private static let unlisted = CommandError(
        "queues.yaml lists no publishers",
        remedy: "add a section publishers: what it holds is explained in docs/02-queues.md",
        status: .wrongUse
    )

    private static func find(
        _ service: String,
        _ configuration: Configuration
    ) throws(CommandError) -> (Topology, Publisher) {
        let topology = try configuration.topology()
        guard let publishers = topology.publishers else { throw unlisted }
        guard let publisher = publishers.publishers.first(where: { $0.service == service }) else {
            let known = publishers.publishers.map(\.service)
            throw CommandError(
                "queues.yaml lists no publisher \(service)" + Suggestion.text(for: service, among: known),
                status: .wrongUse
            )
        }
        guard try publisher.user != configuration.rabbitMQ().user else {
            throw CommandError("\(publisher.user) is the fleet's own user", status: .wrongUse)
        }
        return (topology, publisher)
    }

    /// Lends the broker's management interface.
    static func withManagement<R: Sendable>(
        _ configuration: Configuration,
        _ body: (ManagementAPI) async throws -> R
    ) async throws -> R {
        guard let management = try configuration.management() else {
            throw CommandError("the broker's users can't be reached", remedy: "set RABBITMQ_MANAGEMENT_URL")
        }
        let result: Result<R, any Error>
        do {
            result = .success(try await body(management))
        } catch let error as ManagementError {
            result = .failure(CommandError("RabbitMQ: \(error)"))
        } catch {
            result = .failure(error)
        }
        await management.close()
        return try result.get()
    }
}
