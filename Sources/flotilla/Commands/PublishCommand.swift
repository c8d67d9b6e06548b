import FlotillaCommandLineKit
import FlotillaMessaging
import FlotillaModels
import FlotillaModules
import FlotillaOperations
import FlotillaPlatform
import FlotillaStorage

/// `flotilla publish`: one message, straight to the broker.
enum PublishCommand {
    private static let key = Argument<String>("KEY", "The routing key: profile.viewed")
    private static let body = Option<BodySource>("body", "JSON|@FILE|-", "The body").defaulting(to: .literal("{}"))
    private static let exchange = Option<String>("exchange", "NAME", "The exchange (default the topic exchange)")
    private static let id = Option<String>("id", "ID", "The message id, which makes repeats harmless")
    private static let header = ListOption<String>("header", "NAME=VALUE", "A header, as often as wanted")

    static let all = Command(
        "publish",
        "Publishes a message and waits until the broker has stored it",
        takes: [key, body, exchange, id, header, OutputFormat.option],
        details: "A message that no queue is bound for is a failure.",
        examples: [
            #"flotilla publish profile.viewed --body '{"company_id":"c-1"}'"#,
            "flotilla publish audit.write --exchange fleet.direct --body @job.json --id 42",
        ]
    ) { invocation in
        let configuration = try invocation.configuration()
        let exchange = try invocation[exchange] ?? configuration.topology().events.name
        var message = Message(body: try invocation[body].read())
        message.properties.contentType = "application/json"
        message.properties.deliveryMode = 2
        message.properties.messageID = invocation[id] ?? UUIDv7.make()
        for text in invocation[header] {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else { throw UsageError("--header is NAME=VALUE, not “\(text)”") }
            message.headers[parts[0]] = .string(parts[1])
        }
        let outgoing = OutgoingMessage(exchange: exchange, routingKey: invocation[key], message: message)
        // Without a master key the broker's user is all that the audit log can know.
        let request = configuration.operatorRequest
        try await publish(request.isSealed ? request.stamped(outgoing) : outgoing, with: try configuration.rabbitMQ())
        let shown = Published(
            id: message.properties.messageID ?? "",
            exchange: exchange,
            routingKey: outgoing.routingKey,
            bytes: message.body.count
        )
        try invocation.show(
            shown,
            as: Table(
                ["id", "exchange", "routing key", "bytes"],
                [[shown.id, shown.exchange, shown.routingKey, String(shown.bytes)]]
            )
        )
        return .done
    }

    private static func publish(
        _ message: OutgoingMessage,
        with configuration: RabbitMQConfiguration
    ) async throws {
        let publisher = try await RabbitMQBroker(configuration).publisher(named: "flotilla publish")
        let results = await publisher.publish([message])
        await publisher.close()
        switch results.first {
        case .confirmed: return
        case .unroutable(_, let reason):
            throw CommandError(
                "no queue takes \(message.routingKey) from \(message.exchange): \(reason)",
                remedy: "check the key, or run flotilla topology apply"
            )
        case let other:
            throw CommandError(
                "the broker has not confirmed the message: \(other.map { "\($0)" } ?? "no answer")",
                remedy: "publish it again with --id \(message.message.properties.messageID ?? "")"
            )
        }
    }

    private struct Published: Encodable {
        let id: String
        let exchange: String
        let routingKey: String
        let bytes: Int
    }
}
