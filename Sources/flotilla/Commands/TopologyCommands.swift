import FlotillaAudit
import FlotillaCommandLineKit
import FlotillaManagement
import FlotillaMessaging
import FlotillaModules
import FlotillaOperations

/// `flotilla topology`: what the broker has, against what queues.yaml says.
enum TopologyCommands {
    static let all = Command(
        "topology",
        "Compares the broker with queues.yaml, and creates what it lacks",
        verbs: [plan, apply, verify, TopologyPruneCommand.command, QueueReplayCommand.command]
    )

    private static let plan = Command(
        "plan",
        "Shows what differs; changes nothing",
        takes: [OutputFormat.option],
        examples: ["flotilla topology plan", "flotilla topology plan --output json"]
    ) { invocation in
        let diff = try await withDeployment(try invocation.configuration()) { try await $0.diff() }
        try show(diff, nothing: "The broker is as queues.yaml says.", in: invocation)
        return .done
    }

    private static let verify = Command(
        "verify",
        "As plan, but fails when anything differs",
        takes: [OutputFormat.option],
        examples: ["flotilla topology verify"]
    ) { invocation in
        let diff = try await withDeployment(try invocation.configuration()) { try await $0.diff() }
        try show(diff, nothing: "The broker is as queues.yaml says.", in: invocation)
        return diff.isEmpty ? .done : .failed
    }

    private static let apply = Command(
        "apply",
        "Creates what is missing; never deletes a queue or an exchange, and never redeclares",
        takes: [OutputFormat.option],
        details:
            "Exits with 3 when something is otherwise than queues.yaml says, which only a person can decide on. What "
            + "is on the broker beside queues.yaml is a warning: flotilla topology prune deletes what the fleet once made.",
        examples: ["flotilla topology apply"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let outcome = try await withDeployment(configuration) { deployment in
            try await deployment.apply {
                let verb = $0.kind == .obsolete ? "removed " : $0.kind == .drifted ? "put right " : ""
                invocation.console.note("  \(verb)\($0.object.rawValue) \($0.name)")
            }
        }
        await record(outcome, configuration, invocation.console)
        let isTable = invocation[OutputFormat.option] == .table
        if isTable {
            invocation.console.print(
                "\(outcome.created.count) created, \(outcome.removed.count) removed, "
                    + (outcome.mended.isEmpty ? "" : "\(outcome.mended.count) put right, ")
                    + "\(outcome.remaining.differences.count) left as they are."
            )
        }
        if !isTable || !outcome.remaining.isEmpty {
            try show(outcome.remaining, nothing: "", in: invocation)
        }
        let extra = outcome.remaining.differences.count { $0.kind == .extra }
        let users = outcome.remaining.differences.count { $0.kind == .extra && $0.object == .permission }
        if users > 0 {
            invocation.console.note(
                "Warning: \(users.counted("user")) may publish to the fleet although no line of publishers lists "
                    + (users == 1 ? "it" : "them")
            )
        }
        if extra > users {
            invocation.console.note(
                "Warning: \((extra - users).counted("object on the broker is", "objects on the broker are")) not in queues.yaml; "
                    + "see flotilla topology prune --dry-run"
            )
        }
        return outcome.remaining.differences.count == extra ? .done : .partlyDone
    }

    /// Nothing when nothing was changed.
    private static func record(
        _ outcome: TopologyDeployment.Outcome,
        _ configuration: Configuration,
        _ console: Console
    ) async {
        let counts = [
            ("created", outcome.created.count), ("removed", outcome.removed.count), ("mended", outcome.mended.count),
        ]
        guard counts.contains(where: { $0.1 > 0 }) else { return }
        var event = OperatorEvent("topology.apply")
        event.details = counts.map { ($0.0, "\($0.1)") }
        await event.record(configuration, orNoteOn: console)
    }

    private struct Row: Encodable {
        let change: String
        let object: String
        let name: String
        let detail: String
    }

    private static func show(_ diff: TopologyDiff, nothing: String, in invocation: Invocation) throws {
        let rows = diff.differences.map {
            Row(change: $0.kind.rawValue, object: $0.object.rawValue, name: $0.name, detail: $0.detail)
        }
        if rows.isEmpty, invocation[OutputFormat.option] == .table {
            invocation.console.print(nothing)
        } else {
            let table = Table(
                ["change", "object", "name", "detail"],
                rows.map { [$0.change, $0.object, $0.name, $0.detail] }
            )
            try invocation.show(rows, as: table)
        }
        for note in diff.notes { invocation.console.note("Note: \(note)") }
    }

    /// Hands the topology of queues.yaml with its broker to `body`.
    static func withDeployment<R: Sendable>(
        _ configuration: Configuration,
        _ body: (TopologyDeployment) async throws -> R
    ) async throws -> R {
        let topology = try configuration.topology()
        let admin: RabbitMQAdmin
        do {
            admin = try await RabbitMQAdmin.open(try configuration.rabbitMQ(), named: "flotilla topology")
        } catch let error as AMQPError {
            throw CommandError("RabbitMQ: \(error.detail)", remedy: "see flotilla services status")
        }
        let management = try configuration.management()
        let deployment = TopologyDeployment(
            of: topology,
            on: admin,
            management: management,
            control: management,
            user: try configuration.rabbitMQ().user
        )
        let result: Result<R, any Error>
        do { result = .success(try await body(deployment)) } catch { result = .failure(CommandError("\(error)")) }
        await management?.close()
        await admin.close()
        return try result.get()
    }
}
