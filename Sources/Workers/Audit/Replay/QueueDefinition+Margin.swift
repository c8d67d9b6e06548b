import FlotillaModels

extension QueueDefinition {
    /// How long before its queue was last empty a message may have been published that is not done yet: it ran, or waited
    /// for its retries, all of them. Six hours at most.
    var replayMargin: Duration {
        var margin = timeout * retry.attempts + .seconds(60)
        for failures in 1..<max(retry.attempts, 1) {
            margin += retry.delay(afterFailures: failures, chance: 1) ?? .zero
            if margin > .seconds(21_600) { break }
        }
        return min(margin, .seconds(21_600))
    }
}
