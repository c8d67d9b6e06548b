/// What the fleet itself tells endpoints of. Workers of others may add to it with ``WebhookPosts``.
package enum WebhookEvents {
    package static let disabled = "webhook.disabled"

    package static let all = [
        ScanVerdict.rejected, ScanVerdict.suspected, TicketCancellation.event, TicketWorker.completed,
        ScanVerdict.scanned, disabled,
    ]

    /// Those of the patterns that fit none of ``all``.
    package static func strangers(among patterns: [String]) -> [String] {
        patterns.filter { pattern in
            guard pattern != "*" else { return false }
            return pattern.hasSuffix(".*")
                ? !all.contains { $0.hasPrefix(pattern.dropLast()) } : !all.contains(pattern)
        }
    }
}
