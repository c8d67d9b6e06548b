import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaPlatform

/// `flotilla webhook log`: the attempts.
enum WebhookLogCommand {
    private static let name = OptionalArgument<String>("NAME", "Only those to this endpoint")
    private static let message = Option<String>("message", "ID", "Only those of one webhook, by its webhook-id")
    private static let failed = Flag("failed", "Only those that failed")
    private static let limit = Option<Int>("limit", "COUNT", "How many, 1 to 1000").defaulting(to: 50)

    private struct ShownAttempt: Encodable {
        let at: String
        let endpoint: String
        let event: String
        let webhookId: String
        let deliveryId: String
        let attempt: Int
        let status: Int?
        let durationMs: Int
        let error: String?
        let answer: String?

        init(_ attempt: WebhookAttempt) {
            at = WallClock.iso8601(attempt.startedAt)
            (endpoint, event, webhookId) = (attempt.endpoint, attempt.event, attempt.messageID)
            (deliveryId, self.attempt) = (attempt.deliveryID, attempt.number)
            status = attempt.status
            durationMs = Int(attempt.duration.milliseconds)
            (error, answer) = (attempt.error, attempt.answer)
        }
    }

    static let command = Command(
        "log",
        "Lists the attempts to deliver, the newest first",
        takes: [name, message, failed, limit, OutputFormat.option],
        details: "Attempts are kept for FLOTILLA_WEBHOOK_RETENTION, with the first 1,000 bytes of each answer.",
        examples: [
            "flotilla webhook log crm --failed", "flotilla webhook log --message msg_0193… --output json",
        ]
    ) { invocation in
        let limit = invocation[limit]
        guard (1...1_000).contains(limit) else { throw UsageError("--limit is between 1 and 1000") }
        let attempts = try await invocation.configuration().withPostgres { pool in
            do {
                if let name = invocation[name] { try await WebhookEndpoints.check(name, in: pool) }
            } catch let error as WebhookError {
                throw error.forPeople
            }
            return try await WebhookAttempt.list(
                in: pool,
                endpoint: invocation[name],
                message: invocation[message],
                onlyFailed: invocation[failed],
                limit: limit
            )
        }
        let shown = attempts.map { ShownAttempt($0) }
        try invocation.show(
            shown,
            as: Table(
                ["time", "endpoint", "event", "webhook-id", "attempt", "status", "ms", "result", "answer"],
                shown.map { attempt in
                    [
                        Table.Cell(attempt.at), Table.Cell(attempt.endpoint), Table.Cell(attempt.event),
                        Table.Cell(attempt.webhookId), "\(attempt.attempt)",
                        Table.Cell(attempt.status.map(String.init) ?? "–"), "\(attempt.durationMs)",
                        Table.Cell(attempt.error ?? "delivered", attempt.error == nil ? .green : .red),
                        Table.Cell(attempt.answer ?? ""),
                    ]
                }
            )
        )
        return .done
    }
}
