/// The events that webhooks tell endpoints of: those of the program's domains. Workers of others may send further ones
/// with ``WebhookOutbox``.
struct WebhookEvents: Sendable {
    static let disabled = "webhook.disabled"

    let all: [String]

    /// Those of the patterns that fit none of ``all``.
    func unknownPatterns(among patterns: [String]) -> [String] {
        patterns.filter { pattern in
            guard pattern != "*" else { return false }
            return pattern.hasSuffix(".*")
                ? !all.contains { $0.hasPrefix(pattern.dropLast()) } : !all.contains(pattern)
        }
    }
}
