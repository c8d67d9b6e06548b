import FlotillaPlatform
package import FlotillaCommandLineKit
import FlotillaModules
import FlotillaOperations

/// `flotilla webhook`: the endpoints that receive events over HTTP.
package enum WebhookCommand {
    package static let all = Command(
        "webhook",
        "Says who is told of events over HTTP, and shows what became of it",
        verbs: [
            WebhookListCommand.command, WebhookAddCommand.command, WebhookTestCommand.command,
            WebhookLogCommand.command, rotate, enable, disable, remove,
        ]
    )

    static let name = Argument<String>("NAME", "The endpoint's name, as in flotilla webhook list")
    private static let overlap = Option<Duration>("overlap", "DURATION", "How long the old secret signs beside it")
        .defaulting(to: .seconds(86_400))
    private static let since = Option<Instant>("since", "TIME", "Send what it missed since: 12h, or a date and time")
    private static let reason = Option<String>("reason", "TEXT", "Why; the list shows it")
    private static let yes = Flag("yes", "Do it")

    private static let rotate = Command(
        "rotate",
        "Makes a new secret and shows it, this once",
        takes: [name, overlap, OutputFormat.option],
        details: """
            For as long as --overlap says, every request carries two signatures: one by the new secret and one by the \
            old. Give the receiver the new one meanwhile. An overlap of 0s ends the old one at once.
            """,
        examples: ["flotilla webhook rotate crm", "flotilla webhook rotate crm --overlap 0s"]
    ) { invocation in
        let configuration = try invocation.configuration(makingKeys: true)
        let event = OperatorEvent("webhook.rotate", of: invocation[name])
        let secret = try await withEndpoints(configuration, recording: event) { endpoints in
            try await endpoints.rotate(invocation[name], overlap: invocation[overlap])
        }
        try show(secret, of: invocation[name], in: invocation)
        return .done
    }

    private static let enable = Command(
        "enable",
        "Lets webhooks go to an endpoint again",
        takes: [name, since],
        details: """
            --since makes up what was handed in while it was disabled: FLOTILLA_WEBHOOK_RETENTION keeps it, at most 30 days. \
            What waited for it when it was disabled is in the dead letters, and stays there: how many and the command \
            that sends exactly those again is shown.
            """,
        examples: ["flotilla webhook enable crm", "flotilla webhook enable crm --since 12h"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let outbox = WebhookOutbox(topology: try configuration.topology())
        let event = OperatorEvent("webhook.enable", of: invocation[name])
        let (sent, left, dead) = try await withEndpoints(configuration, recording: event) { endpoints in
            try await endpoints.enable(invocation[name], true, reason: nil)
            let sent: Int? =
                if let time = invocation[since]?.microseconds {
                    try await endpoints.sendMissed(to: invocation[name], since: time, by: outbox)
                } else { nil }
            let name = invocation[name]
            return (sent, try await endpoints.missed(by: name), try await endpoints.givenUp(by: name))
        }
        invocation.console.note("Enabled \(invocation[name])")
        if let sent {
            invocation.console.note(sent.counted("missed webhook is on its way", "missed webhooks are on their way"))
        }
        if left > 0 {
            let command = "flotilla webhook enable \(invocation[name]) --since TIME"
            invocation.console.note(
                "\(left.counted("webhook was", "webhooks were")) missed\(sent == nil ? "" : " before"); "
                    + "\(command) sends \(left == 1 ? "it" : "them")"
            )
        }
        if dead > 0 {
            let also = (sent ?? 0) + left > 0 ? "more " : ""
            invocation.console.note(
                "\(dead) \(also)\(dead == 1 ? "is a dead letter" : "are dead letters") from when it was disabled: "
                    + "flotilla dlq requeue --queue \(WebhookOutbox.routingKey) --type \(WebhookDelivery.disabledType) "
                    + "--filter '\(WebhookDelivery.disabledText(of: invocation[name]))' --yes"
            )
        }
        return .done
    }

    private static let disable = Command(
        "disable",
        "Keeps webhooks from an endpoint",
        takes: [name, reason],
        details:
            """
            Deliveries that wait become dead letters when their time comes. Webhooks from now on are kept as long as \
            FLOTILLA_WEBHOOK_RETENTION says, at most 30 days, for flotilla webhook enable --since.
            """,
        examples: ["flotilla webhook disable crm --reason 'moved to the new system'"]
    ) { invocation in
        let event = OperatorEvent("webhook.disable", of: invocation[name], because: invocation[reason])
        let reason = "\(OperatorName.current)" + (invocation[reason].map { ": \($0)" } ?? "")
        try await withEndpoints(try invocation.configuration(), recording: event) { endpoints in
            try await endpoints.enable(invocation[name], false, reason: reason)
        }
        invocation.console.note("Disabled \(invocation[name])")
        return .done
    }

    private static let remove = Command(
        "remove",
        "Takes an endpoint out, with the log of its attempts",
        takes: [name, yes],
        examples: ["flotilla webhook remove crm --yes"]
    ) { invocation in
        guard invocation[yes] else {
            throw CommandError(
                "this deletes the endpoint \(invocation[name]), what waits for it, and its log",
                remedy: "say --yes to do it",
                status: .wrongUse
            )
        }
        let event = OperatorEvent("webhook.remove", of: invocation[name])
        let dropped = try await withEndpoints(try invocation.configuration(), recording: event) { endpoints in
            try await endpoints.remove(invocation[name])
        }
        invocation.console.note(
            "Removed \(invocation[name]); \(dropped.counted("delivery", "deliveries")) will not be made"
        )
        return .done
    }

    /// - Parameter event: what is done, for the audit log, written with the change; `nil` for what changes nothing.
    static func withEndpoints<R: Sendable>(
        _ configuration: Configuration,
        recording event: OperatorEvent? = nil,
        _ body: (WebhookEndpoints) async throws -> R
    ) async throws -> R {
        let seal = WebhookSeal(try configuration.masterKeyring())
        do {
            return try await configuration.withPostgres { pool in
                let record = event.map { [$0.statement(configuration)] } ?? []
                return try await body(WebhookEndpoints(pool, seal: seal, record: record))
            }
        } catch let error as WebhookError {
            throw error.forPeople
        } catch let error as MasterKeyError {
            throw CommandError(error.detail, remedy: "see FLOTILLA_MASTER_KEY in docs/05-configuration.md")
        }
    }

    private struct NewSecret: Encodable {
        let name: String
        let secret: String
    }

    /// The secret alone on standard output.
    static func show(_ secret: WebhookSecret, of name: String, in invocation: Invocation) throws {
        if invocation[OutputFormat.option] == .json {
            invocation.console.print(try JSONText.encode(NewSecret(name: name, secret: secret.revealed)))
        } else {
            invocation.console.note("This secret is shown only now; the receiver of \(name) checks signatures with it:")
            invocation.console.print(secret.revealed)
        }
    }
}

extension WebhookError {
    var forPeople: CommandError {
        switch code {
        case .unknown: CommandError(detail, remedy: "see flotilla webhook list")
        case .nameTaken: CommandError(detail, remedy: "remove it first, or choose another name")
        case .configured: CommandError(detail)
        case .invalid: CommandError(detail, status: .wrongUse)
        }
    }
}
