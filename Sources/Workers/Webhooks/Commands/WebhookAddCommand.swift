import FlotillaModules
import FlotillaCommandLineKit
import FlotillaOutbound

/// `flotilla webhook add`: a new endpoint.
enum WebhookAddCommand {
    private static let name = Argument<String>("NAME", "What to call it: crm")
    private static let url = Argument<String>("URL", "Where it is: https://crm.example.com/hooks")
    private static let events = ListOption<String>(
        "events",
        "EVENTS",
        "What it is told of: ticket.completed, ticket.*, or * for all",
        separator: ","
    )

    static let command = Command(
        "add",
        "Adds an endpoint and shows its secret, this once",
        takes: [name, url, events, OutputFormat.option],
        details: """
            The URL has to be https and lead to a public address. FLOTILLA_WEBHOOK_ALLOW_PRIVATE names the others that \
            may be called. docs/webhooks.md shows how the receiver checks a signature.
            """,
        examples: [
            "flotilla webhook add crm https://crm.example.com/hooks --events ticket.completed",
            "FLOTILLA_WEBHOOK_ALLOW_PRIVATE=10.0.0.7:9000 flotilla webhook add till http://10.0.0.7:9000/ --events 'ticket.*'",
        ]
    ) { invocation in
        guard !invocation[events].isEmpty else { throw UsageError("say what it is told of: --events ticket.completed") }
        let configuration = try invocation.configuration(makingKeys: true)
        let access = try configuration.webhookAccess()
        let subscription: WebhookSubscription
        do {
            let url = try EndpointURL(invocation[url])
            if let objection = await access.objectionAfterLookup(to: url) { throw objection }
            subscription = try WebhookSubscription(name: invocation[name], url: url, events: invocation[events])
        } catch let error as FieldError {
            throw CommandError("the URL \(error.problem)", status: .wrongUse)
        } catch let error as WebhookError {
            throw error.forPeople
        }
        let events = WebhookEvents(all: invocation.program.webhookEvents)
        let unknownPatterns = events.unknownPatterns(among: subscription.events)
        if !unknownPatterns.isEmpty {
            invocation.console.note(
                """
                Note: the fleet itself never sends \(unknownPatterns.joined(separator: ", ")); that takes a worker of your \
                own. It sends \(events.all.joined(separator: ", ")).
                """
            )
        }
        let event = OperatorEvent("webhook.add", of: subscription.name)
        let secret = try await WebhookCommand.withEndpoints(configuration, recording: event) { endpoints in
            try await endpoints.add(subscription)
        }
        try WebhookCommand.show(secret, of: subscription.name, in: invocation)
        return .done
    }
}
