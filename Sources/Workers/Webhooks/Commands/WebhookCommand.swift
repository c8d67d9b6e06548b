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
        let configuration = try invocation.configuration()
        let secret = try await withEndpoints(configuration) { endpoints in
            try await endpoints.rotate(invocation[name], overlap: invocation[overlap])
        }
        try show(secret, of: invocation[name], in: invocation)
        return .done
    }

    private static let enable = Command(
        "enable",
        "Lets webhooks go to an endpoint again",
        takes: [name],
        details: """
            What it missed is in the dead letters: flotilla dlq requeue --queue webhook.deliver --yes sends it again. \
            Events of the time in which it was disabled are not kept for it.
            """,
        examples: ["flotilla webhook enable crm"]
    ) { invocation in
        try await withEndpoints(try invocation.configuration()) { endpoints in
            try await endpoints.enable(invocation[name], true, reason: nil)
        }
        invocation.console.note("Enabled \(invocation[name])")
        return .done
    }

    private static let disable = Command(
        "disable",
        "Keeps webhooks from an endpoint",
        takes: [name, reason],
        details:
            "Deliveries that wait become dead letters when their time comes; events from now on are not kept for it.",
        examples: ["flotilla webhook disable crm --reason 'moved to the new system'"]
    ) { invocation in
        let reason = "\(OperatorName.current)" + (invocation[reason].map { ": \($0)" } ?? "")
        try await withEndpoints(try invocation.configuration()) { endpoints in
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
        let dropped = try await withEndpoints(try invocation.configuration()) { endpoints in
            try await endpoints.remove(invocation[name])
        }
        invocation.console.note("Removed \(invocation[name]); \(dropped) deliveries will not be made")
        return .done
    }

    static func withEndpoints<R: Sendable>(
        _ configuration: Configuration,
        _ body: (WebhookEndpoints) async throws -> R
    ) async throws -> R {
        let seal = WebhookSeal(try configuration.masterKeyring())
        do {
            return try await configuration.withPostgres { pool in try await body(WebhookEndpoints(pool, seal: seal)) }
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
