package import FlotillaCommandLineKit
import FlotillaHTTPRouting
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla topology replay`: sends a queue what it missed.
package enum QueueReplayCommand {
    private static let queue = Argument<String>("QUEUE", "The queue, as queues.yaml names it")
    private static let since = Option<Instant>(
        "since",
        "TIME",
        "From when on; the last time that it was empty unless given"
    )
    private static let withoutIDs = Flag(
        "without-ids",
        "Also messages without an id, of which some may have been handled"
    )
    private static let dryRun = Flag("dry-run", "Show how many there are")

    private struct Answer: Encodable {
        let queue: String
        let since: String
        let messages: Int
        let jobs: Int
        let withoutID: Int
        let forgotten: Int
    }

    package static let command = Command(
        "replay",
        "Sends a queue what it missed, by the audit log",
        takes: [queue, since, withoutIDs, dryRun, OutputFormat.option],
        details: """
            Takes the events that the queue's bindings want and its worker has neither handled nor given up, and the queued \
            jobs. Workers do this by themselves for a queue that was deleted. What is older than message ids are remembered \
            (FLOTILLA_INBOX_RETENTION) can't be replayed. Commands that services sent over AMQP are not known.
            """,
        examples: [
            "flotilla topology replay subscription.profile.viewed --since 2h --dry-run",
            "flotilla topology replay subscription.profile.viewed",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let topology = try configuration.topology()
        let name = invocation[queue]
        guard let queue = topology.queue(named: name) else {
            throw CommandError(
                "there is no queue \(name)" + Suggestion.text(for: name, among: topology.queues.map(\.name)),
                remedy: "see flotilla queue list",
                status: .wrongUse
            )
        }
        guard queue.worker != AuditWorker.name else {
            throw CommandError(
                "\(name) can't be replayed: it fills the audit log, from which the other queues are",
                remedy: "what it lost, its publishers have to send again",
                status: .wrongUse
            )
        }
        let isDryRun = invocation[dryRun]
        let broker = RabbitMQBroker(try configuration.rabbitMQ())
        let answer = try await broker.closing {
            try await configuration.withPostgres { pool in
                let privacy = AuditPrivacy(pool, masters: try configuration.masterKeyring())
                let missed = MissedMessages(pool, privacy: privacy, topology: topology)
                let mark = try await pool.query(QueueGaps.mark(of: queue.name)).first?.timestamp(1)
                let now = WallClock.microseconds()
                let given = invocation[since]?.microseconds
                let retention = configuration[Settings.inboxRetention]
                let known = try await pool.query(Inbox.knownSince(retention: retention)).first?.timestamp(0) ?? now
                if let given, given < known {
                    throw CommandError(
                        "what was handled before \(WallClock.iso8601(known)) is not known any more, and would be handled again",
                        remedy: "give a later --since",
                        status: .wrongUse
                    )
                }
                guard given != nil || mark != nil else {
                    throw CommandError("nobody has seen \(queue.name) empty yet", remedy: "give --since")
                }
                let start = max(known, given ?? (mark ?? now) - queue.replayMargin.milliseconds * 1_000)
                if !isDryRun {
                    // Before anything is sent: what was sent until a failure stays sent.
                    var event = OperatorEvent("topology.replay", of: queue.name)
                    event.details = [("since", WallClock.iso8601(start).json)]
                    try await event.record(in: pool, configuration)
                }
                let publisher = try await broker.publisher(named: "flotilla replay")
                var sent = 0
                var place = MissedMessages.Place()
                let count = try await missed.find(
                    for: queue,
                    from: start,
                    after: &place,
                    includesUnidentified: invocation[withoutIDs]
                ) { messages in
                    guard !isDryRun else { return }
                    for result in await publisher.publish(messages) where !result.isConfirmed {
                        throw CommandError("after \(sent.counted("message")): \(result)", remedy: "run it again")
                    }
                    sent += messages.count
                    invocation.console.note("\(sent) sent")
                }
                await publisher.close()
                let jobs = try await LostJobs(pool, topology: topology).resend(
                    to: queue,
                    before: now,
                    isDryRun: isDryRun
                )
                return Answer(
                    queue: queue.name,
                    since: WallClock.iso8601(start),
                    messages: count.found,
                    jobs: jobs,
                    withoutID: count.withoutID,
                    forgotten: count.personal
                )
            }
        }
        try invocation.show(
            answer,
            as: Table(
                ["queue", "since", isDryRun ? "messages to send" : "messages sent", "jobs", "without id", "forgotten"],
                [
                    [
                        answer.queue, answer.since, "\(answer.messages)", "\(answer.jobs)", "\(answer.withoutID)",
                        "\(answer.forgotten)",
                    ]
                ]
            )
        )
        return .done
    }
}
