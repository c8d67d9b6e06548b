import FlotillaModules
import FlotillaCommandLineKit
import FlotillaPlatform

/// `flotilla webhook list`: the endpoints.
enum WebhookListCommand {
    private struct ShownEndpoint: Encodable {
        let name: String
        let url: String
        let events: [String]
        let state: String
        let reason: String?
        let isConfigured: Bool
        let queued: Int
        let failed: Int
        let failingSince: String?
        let lastDeliveredAt: String?
        let oldSecretUntil: String?
        let createdAt: String

        init(_ endpoint: WebhookEndpoint) {
            name = endpoint.name
            url = endpoint.url
            events = endpoint.events
            state = !endpoint.isEnabled ? "disabled" : endpoint.failingSince != nil ? "failing" : "enabled"
            reason = endpoint.disabledReason
            isConfigured = endpoint.isConfigured
            (queued, failed) = (endpoint.queued, endpoint.failed)
            failingSince = endpoint.failingSince.map { WallClock.iso8601($0) }
            lastDeliveredAt = endpoint.lastDeliveredAt.map { WallClock.iso8601($0) }
            oldSecretUntil = endpoint.oldSecretUntil.map { WallClock.iso8601($0) }
            createdAt = WallClock.iso8601(endpoint.createdAt)
        }

        var note: String {
            if let reason { return reason }
            if let failingSince { return "no success since \(failingSince)" }
            if let oldSecretUntil { return "two secrets until \(oldSecretUntil)" }
            return isConfigured ? "by FLOTILLA_CORE_URL" : ""
        }
    }

    static let command = Command(
        "list",
        "Lists the endpoints and how they fare",
        takes: [OutputFormat.option],
        examples: ["flotilla webhook list", "flotilla webhook list --output json"]
    ) { invocation in
        let endpoints = try await WebhookCommand.withEndpoints(try invocation.configuration()) { endpoints in
            try await endpoints.list()
        }
        let shown = endpoints.map { ShownEndpoint($0) }
        try invocation.show(
            shown,
            as: Table(
                ["name", "state", "waiting", "failed", "last success", "events", "url", "note"],
                shown.map { endpoint in
                    [
                        Table.Cell(endpoint.name),
                        Table.Cell(endpoint.state, endpoint.state == "enabled" ? .green : .red),
                        "\(endpoint.queued)", "\(endpoint.failed)", Table.Cell(endpoint.lastDeliveredAt ?? "–"),
                        Table.Cell(endpoint.events.joined(separator: " ")), Table.Cell(endpoint.url),
                        Table.Cell(endpoint.note),
                    ]
                }
            )
        )
        return .done
    }
}
