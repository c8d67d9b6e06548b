import FlotillaTelemetry
import Workers
import Synchronization

/// The providers of one channel in their order: the first that is in service gets the notification.
///
/// Each has a circuit breaker (`flotilla_breaker_open{dependency="smtp"}`), which a `Retry-After` keeps open for that
/// long, and may have a rate. A provider's refusal is final; one that is out, or fails with a notification that can't have
/// arrived, gives way to the next. ``ProviderHealth`` tells its failures from the notification's.
package final class ProviderChain<Content: Sendable & Identifiable<String>>: Sendable {
    private let channel: Channel
    private let providers: [any NotificationProvider<Content>]
    private let rateLimiters: [String: ProviderRateLimiter]
    private let breakers: Breakers
    private let health: Mutex<[String: ProviderHealth]>
    private let metrics: ProviderMetrics

    /// - Parameter rateLimiters: by the provider's name; a provider without one is given notifications as fast as they
    ///   come.
    init(
        _ channel: Channel,
        providers: [any NotificationProvider<Content>],
        rateLimiters: [String: ProviderRateLimiter] = [:],
        metrics: Metrics,
        log: Log
    ) {
        self.channel = channel
        self.providers = providers
        self.rateLimiters = rateLimiters
        self.metrics = ProviderMetrics(metrics, channel)
        health = Mutex(.init(providers.map { ($0.name, ProviderHealth()) }) { first, _ in first })
        var probes: [Dependency: @Sendable () async -> Bool] = [:]
        for provider in providers { probes[Dependency(provider.name)] = { await provider.isReachable() } }
        breakers = Breakers(probes: probes, metrics: metrics, log: log)
    }

    /// Gives the notification to the first provider in service.
    ///
    /// - Parameter maxWait: how long it may wait for the provider's rate.
    package func send(
        _ content: Content,
        priority: NotificationPriority = .normal,
        maxWait: Duration = .seconds(10)
    ) async -> SendResult {
        var reasons: [String] = []
        /// What is to be answered when no later provider takes it.
        var failure: SendResult?
        for provider in providers {
            let dependency = Dependency(provider.name)
            guard breakers.firstOpen(of: [dependency]) == nil else {
                reasons.append("\(provider.name): its breaker is open")
                continue
            }
            if let wait = await rateLimiters[provider.name]?.take(priority, maxWait: maxWait) {
                return .busy(wait: wait)
            }
            let start = ContinuousClock.now
            let answer = await provider.send(content)
            metrics.note(answer, of: provider.name, took: .now - start)
            switch answer {
            case .accepted(let messageID):
                noteAnswer(of: provider, for: content)
                return .accepted(provider: provider.name, messageID: messageID)
            case .refused(let reason):
                noteAnswer(of: provider, for: content)
                return .refused(provider: provider.name, reason: reason)
            case .deferred(let reason, let after):
                return .deferred(provider: provider.name, reason: reason, after: after)
            case .failed(let reason, let mayHaveArrived):
                reasons.append("\(provider.name): \(reason)")
                if let answer = await assess(provider, content, reason: reason) { failure = failure ?? answer }
                // The next one would send what may have been sent.
                if mayHaveArrived { return failure ?? .unclear(reason: reasons.last ?? "", wait: .seconds(5)) }
            case .denied(let reason):
                leaveAlone(provider, reason: reason)
                reasons.append("\(provider.name): \(reason)")
            case .unavailable(let reason, let after):
                breakers.recordOutage(of: dependency, reason: reason, holding: after)
                reasons.append("\(provider.name): \(reason)")
            case .busy(let wait): return .busy(wait: wait)
            }
        }
        if let failure { return failure }
        return .allOut(reason: reasons.isEmpty ? "no provider is configured" : reasons.joined(separator: "; "))
    }

    private func noteAnswer(of provider: any NotificationProvider<Content>, for content: Content) {
        breakers.recordSuccess(of: [Dependency(provider.name)])
        health.withLock { $0[provider.name]?.noteAnswer(for: content.id) }
    }

    /// What a failure costs the notification; `nil` when the provider is out.
    private func assess(
        _ provider: any NotificationProvider<Content>,
        _ content: Content,
        reason: String
    ) async -> SendResult? {
        let dependency = Dependency(provider.name)
        guard await provider.isReachable() else {
            breakers.recordOutage(of: dependency, reason: reason)
            return nil
        }
        let fault = health.withLock {
            $0[provider.name]?.assess(content.id, probeIsConclusive: provider.probeIsConclusive)
        }
        switch fault {
        case .notification?, nil: return .deferred(provider: provider.name, reason: reason, after: nil)
        case .unclear(let wait)?: return .unclear(reason: "\(provider.name): \(reason)", wait: wait)
        case .provider?:
            leaveAlone(provider, reason: reason)
            // Not held at the head of the queue, where it would be the first to fail again.
            return .unclear(reason: "\(provider.name): \(reason)", wait: .seconds(5))
        }
    }

    /// Opens the breaker at once, of a provider that a probe may well reach.
    private func leaveAlone(_ provider: any NotificationProvider<Content>, reason: String) {
        let dependency = Dependency(provider.name)
        guard breakers.firstOpen(of: [dependency]) == nil else { return }
        let hold = health.withLock { $0[provider.name]?.hold() }
        breakers.recordOutage(of: dependency, reason: reason, holding: hold)
    }

    /// Whether a provider whose breaker is closed can be reached.
    package func isReachable() async -> Bool {
        for provider in providers where breakers.firstOpen(of: [Dependency(provider.name)]) == nil {
            if await provider.isReachable() { return true }
        }
        return false
    }
}
