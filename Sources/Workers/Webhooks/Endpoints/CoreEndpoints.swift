import FlotillaOutbound
package import FlotillaPlatform

/// The core, as the settings name it: it receives events of tickets and of scans at the paths that it has for them.
package struct CoreEndpoints: Sendable {
    package static let tickets = "core-tickets"
    package static let scans = "core-scans"
    /// How many secrets may sign at a time.
    private static let longestList = 2

    let subscriptions: [WebhookSubscription]
    let secrets: [WebhookSecret]
    /// Where it is: reached wherever it is, since the settings name it.
    package let authority: String

    /// - Parameters:
    ///   - url: where the core is, with or without a path in front of its own.
    ///   - secrets: one, or during a rotation the new one and the old one, with a comma or a blank between them.
    /// - Throws: `FieldError` for the URL, `WebhookError` for the secrets.
    package init(url: String, secrets text: Secret) throws {
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard !base.contains("?") else { throw FieldError("url", "has a query") }
        let paths = [
            (Self.tickets, "ticket-generation-webhook", "ticket.completed"),
            (Self.scans, "scan-confirmation", "ticket.scanned"),
        ]
        subscriptions = try paths.map { name, path, event in
            let url = try EndpointURL("\(base)/api/internal/\(path)")
            return try WebhookSubscription(name: name, url: url, events: [event])
        }
        authority = subscriptions[0].url.authority
        let words = text.revealed.split { $0 == "," || $0.isWhitespace }
        secrets = words.compactMap { WebhookSecret(Secret(String($0))) }
        guard secrets.count == words.count, (1...Self.longestList).contains(secrets.count) else {
            throw WebhookError(
                code: .invalid,
                operation: "read the core's secrets",
                detail: "has to be whsec_ and the base64 of 24 to 64 bytes, or two of these with a comma between them"
            )
        }
    }
}
