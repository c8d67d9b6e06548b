import Telemetry

/// The providers of one channel in their order: the first that is in service gets the notification.
///
/// Each has a circuit breaker (`flotilla_breaker_open{dependency="smtp"}`), which a `Retry-After` keeps open for that
/// long, and may have a rate. A provider's refusal is final; only a provider that is out gives way to the next.
package final class ProviderChain<Content: Sendable>: Sendable {
    private let channel: Channel
    private let providers: [any NotificationProvider<Content>]
    private let paces: [String: ProviderPace]
    private let breakers: Breakers
    private let metrics: ProviderMetrics

    /// - Parameter paces: by the provider's name; a provider without one is given notifications as fast as they come.
    init(
        _ channel: Channel,
        providers: [any NotificationProvider<Content>],
        paces: [String: ProviderPace] = [:],
        metrics: Metrics,
        log: Log
    ) {
        self.channel = channel
        self.providers = providers
        self.paces = paces
        self.metrics = ProviderMetrics(metrics, channel)
        var probes: [Dependency: @Sendable () async -> Bool] = [:]
        for provider in providers { probes[Dependency(provider.name)] = { await provider.isReachable() } }
        breakers = Breakers(probes: probes, metrics: metrics, log: log)
    }

    /// Gives the notification to the first provider in service.
    ///
    /// - Parameter patience: how long it may wait for the provider's rate.
    package func send(
        _ content: Content,
        priority: NotificationPriority = .normal,
        patience: Duration = .seconds(10)
    ) async -> ChainAnswer {
        var reasons: [String] = []
        for provider in providers {
            let dependency = Dependency(provider.name)
            guard breakers.firstOpen(of: [dependency]) == nil else {
                reasons.append("\(provider.name): its breaker is open")
                continue
            }
            if let wait = await paces[provider.name]?.take(priority, patience: patience) { return .busy(wait: wait) }
            let start = ContinuousClock.now
            let answer = await provider.send(content)
            metrics.note(answer, of: provider.name, took: .now - start)
            switch answer {
            case .accepted(let messageID):
                breakers.recordSuccess(of: [dependency])
                return .accepted(provider: provider.name, messageID: messageID)
            case .refused(let reason):
                breakers.recordSuccess(of: [dependency])
                return .refused(provider: provider.name, reason: reason)
            case .deferred(let reason, let after):
                return .deferred(provider: provider.name, reason: reason, after: after)
            case .unavailable(let reason, let after):
                breakers.recordOutage(of: dependency, reason: reason, holding: after)
                reasons.append("\(provider.name): \(reason)")
            }
        }
        return .allOut(reason: reasons.isEmpty ? "no provider is configured" : reasons.joined(separator: "; "))
    }

    /// Whether a provider whose breaker is closed can be talked to.
    package func isReachable() async -> Bool {
        for provider in providers where breakers.firstOpen(of: [Dependency(provider.name)]) == nil {
            if await provider.isReachable() { return true }
        }
        return false
    }
}
