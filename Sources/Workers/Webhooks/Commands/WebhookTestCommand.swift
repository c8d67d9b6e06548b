import FlotillaPlatform
import FlotillaCommandLineKit
import FlotillaModels
import FlotillaModules
import FlotillaOutbound

/// `flotilla webhook test`: what an endpoint says to a request of ours.
enum WebhookTestCommand {
    private struct Answer: Encodable {
        let name: String
        let url: String
        let webhookId: String
        let delivered: Bool
        let status: Int?
        let error: String?
        let durationMs: Int
        let answer: String
    }

    static let command = Command(
        "test",
        "Sends webhook.test to an endpoint at once, and shows its answer",
        takes: [WebhookCommand.name, OutputFormat.option],
        details: "An endpoint that is disabled gets it too. The attempt is in flotilla webhook log.",
        examples: ["flotilla webhook test crm", "flotilla webhook test crm --output json"]
    ) { invocation in
        let configuration = try invocation.configuration()
        let seal = WebhookSeal(try configuration.masterKeyring())
        let engine = WebhookSender.engine()
        let sender = WebhookSender(engine, access: try configuration.webhookAccess())
        let result: Result<WebhookTest.Result, any Error>
        do {
            result = .success(
                try await configuration.withPostgres { pool in
                    let found = try await WebhookTest(pool, seal: seal, sender: sender)
                        .run(invocation[WebhookCommand.name])
                    try await OperatorEvent("webhook.test", of: invocation[WebhookCommand.name])
                        .record(in: pool, configuration)
                    return found
                }
            )
        } catch { result = .failure(error) }
        await engine.close()
        let found: WebhookTest.Result
        do {
            found = try result.get()
        } catch let error as WebhookError {
            throw error.forPeople
        } catch let error as FieldError {
            throw CommandError("nothing was sent: the endpoint's URL \(error.problem)")
        } catch let error as MasterKeyError {
            throw CommandError(error.detail, remedy: "see FLOTILLA_MASTER_KEY in docs/05-configuration.md")
        }
        let answer = Answer(
            name: invocation[WebhookCommand.name],
            url: found.url,
            webhookId: found.messageID,
            delivered: found.error == nil,
            status: found.status,
            error: found.error,
            durationMs: Int(found.duration.milliseconds),
            answer: found.answer
        )
        try invocation.show(
            answer,
            as: Table(
                ["status", "ms", "webhook-id", "result", "answer"],
                [
                    [
                        Table.Cell(found.status.map(String.init) ?? "–"), "\(answer.durationMs)",
                        Table.Cell(answer.webhookId),
                        Table.Cell(found.error ?? "delivered", found.error == nil ? .green : .red),
                        Table.Cell(answer.answer),
                    ]
                ]
            )
        )
        return found.error == nil ? .done : .failed
    }
}
