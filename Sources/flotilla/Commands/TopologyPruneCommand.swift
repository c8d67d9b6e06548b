import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModules

/// `flotilla topology prune`: deletes what the fleet once made on the broker and no longer names.
enum TopologyPruneCommand {
    private static let namespaces = ListOption<String>(
        "namespace",
        "NAMES",
        "Earlier namespaces of this fleet, whose exchanges and delay queues go as well",
        separator: ","
    )
    private static let force = Flag("force", "Also queues with messages or consumers, and exchanges in use")
    private static let dryRun = Flag("dry-run", "Only show what would go")
    private static let yes = Flag("yes", "Do it")

    static let command = Command(
        "prune",
        "Deletes what the fleet once made on the broker and queues.yaml no longer names",
        takes: [namespaces, force, dryRun, yes, OutputFormat.option],
        details:
            "Exchanges and delay queues of the namespace, queues of the file's services (the word before the first "
            + "dot) with their dead-letter queues, and what binds them. Bindings from exchanges of others stay. A queue "
            + "with messages or consumers stays unless --force is given; its messages are gone then. It needs the "
            + "management API. Exits with 3 when something stayed.",
        examples: [
            "flotilla topology prune --dry-run", "flotilla topology prune --yes",
            "flotilla topology prune --namespace old --yes",
        ]
    ) { invocation in
        let isDryRun = invocation[dryRun]
        guard isDryRun != invocation[yes] else {
            throw UsageError("this deletes from the broker: see what with --dry-run, then give --yes instead")
        }
        let names = Set(invocation[namespaces])
        guard names.allSatisfy({ !$0.isEmpty && !$0.hasSuffix(".") }) else {
            throw UsageError("--namespace is a name such as fleet")
        }
        let configuration = try invocation.configuration()
        guard try configuration.management() != nil else {
            throw CommandError("what is on the broker can't be listed", remedy: "set RABBITMQ_MANAGEMENT_URL")
        }
        let pruned = try await TopologyCommands.withDeployment(configuration) { deployment in
            let prune = try await deployment.prune(namespaces: names)
            return try await deployment.perform(prune, forced: invocation[force], isDryRun: isDryRun)
        }
        let deleted = pruned.filter { $0.kept == nil }
        if !isDryRun, !deleted.isEmpty {
            var event = OperatorEvent("topology.prune")
            event.details = [
                ("deleted", "\(deleted.count)"), ("messages", "\(deleted.reduce(0) { $0 + $1.messages })"),
                ("isForced", "\(invocation[force])"),
            ]
            await event.record(configuration, orNoteOn: invocation.console)
        }
        let rows = pruned.map { Row($0, isDryRun: isDryRun) }
        if rows.isEmpty, invocation[OutputFormat.option] == .table {
            invocation.console.print("There is nothing to prune.")
        } else {
            try invocation.show(
                rows,
                as: Table(
                    ["action", "object", "name", "detail"],
                    rows.map { [$0.action, $0.object, $0.name, $0.detail] }
                )
            )
        }
        return pruned.contains { $0.kept != nil } && !isDryRun ? .partlyDone : .done
    }

    private struct Row: Encodable {
        let action: String
        let object: String
        let name: String
        let messages: Int
        let detail: String

        init(_ pruned: TopologyDeployment.Pruned, isDryRun: Bool) {
            action = pruned.kept != nil ? "kept" : isDryRun ? "would be deleted" : "deleted"
            object = pruned.object.rawValue
            name = pruned.name
            messages = pruned.messages
            let lost = pruned.messages > 0 ? "with \(pruned.messages.counted("message"))" : ""
            detail = pruned.kept ?? lost
        }
    }
}
