@testable import flotilla
import FlotillaCommandLineKit

/// Every command, by what the audit log has of it.
enum OperatorCommands {
    /// The actions of `operator.acted` that a command leaves.
    static let acting = [
        "audit forget": ["audit.forget"],
        "audit retain": ["audit.retain"],
        "audit rotate-key": ["master-key.rotate"],
        "batch cancel": ["batch.cancel"],
        "cron backfill": ["cron.backfill"],
        "cron pause": ["cron.pause"],
        "cron resume": ["cron.resume"],
        "cron trigger": ["cron.trigger"],
        "dlq requeue": ["dlq.requeue"],
        "index rebuild": ["index.rebuild"],
        "job cancel": ["job.cancel"],
        "job retry": ["job.retry"],
        "key change": ["key.change"],
        "key create": ["key.create"],
        "key revoke": ["key.revoke"],
        "migrate": ["migrate"],
        "publisher create": ["publisher.create"],
        "publisher remove": ["publisher.remove"],
        "publisher rotate": ["publisher.rotate"],
        "ticket key retire": ["ticket-key.retire"],
        "ticket key rotate": ["ticket-key.rotate"],
        "ticket stop": ["ticket.stop"],
        "token revoke": ["token.revoke", "token.revoke-user"],
        "topology apply": ["topology.apply"],
        "topology prune": ["topology.prune"],
        "topology replay": ["topology.replay"],
        "webhook add": ["webhook.add"],
        "webhook disable": ["webhook.disable"],
        "webhook enable": ["webhook.enable"],
        "webhook remove": ["webhook.remove"],
        "webhook rotate": ["webhook.rotate"],
        "webhook test": ["webhook.test"],
    ]

    /// What only shows something, or writes a file for who runs it.
    static let reading: Set = [
        "audit report", "batch list", "batch show", "cron list", "cron show", "dlq groups", "dlq list", "dlq peek",
        "dlq show", "doctor", "index status", "job get",
        "job list", "job watch", "job why",
        "key list", "notification preview", "publisher list", "queue list", "services env", "services status",
        "ticket key export", "ticket key list", "ticket list", "ticket preview", "ticket show", "ticket verify",
        "token verify", "topology plan", "topology verify", "webhook list", "webhook log",
    ]

    private static let isProcess = "is a process of the fleet, and what it does is in its log"
    private static let isServers = "concerns the private servers, the database of the audit log among them"

    /// What changes something and leaves no such row, and why.
    static let exempt = [
        "api": isProcess,
        "audit checkpoint":
            "a row of its own would be a new one to sign, so that it would never say that nothing is new",
        "audit partitions": "makes months ahead, as workers do by themselves",
        "audit verify": "remembers how far it has come",
        "batch close": "lets the end of a batch be told, which says who made it",
        "batch create": "makes a batch, which says who made it",
        "demo": "sends samples, whose ids begin with demo-",
        "enqueue": "makes a job, which says who made it",
        "publish": "sends a message, whose own row names who sent it",
        "services kill": isServers,
        "services reset": isServers,
        "services restart": isServers,
        "services start": isServers,
        "services stop": isServers,
        "up": isProcess,
        "worker": isProcess,
    ]

    /// The words of every command that does something, by the tree that the program is made of.
    static var all: [String] {
        func leaves(_ command: Command, _ words: String) -> [String] {
            let name = words + command.name
            return command.verbs.isEmpty ? [name] : command.verbs.flatMap { leaves($0, name + " ") }
        }
        return Flotilla.application.commands.flatMap { leaves($0, "") }
    }
}
