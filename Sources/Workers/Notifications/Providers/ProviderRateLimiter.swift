import FlotillaStorage

/// Limits the rate of notifications to a provider, and decides which goes first while they wait.
///
/// With Redis the rate holds for all processes together; without, or while Redis does not answer, for this one.
actor ProviderRateLimiter {
    private struct Waiter {
        let number: Int
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Duration?, Never>
    }

    private let name: String
    private let rate: Double
    private let burst: Int
    private let shared: RateLimits?
    private var local: GCRALimiter
    private var waiters: [NotificationPriority: [Waiter]] = [:]
    private var lastNumber = 0
    private var isServing = false

    /// - Parameters:
    ///   - rate: notifications per second, above zero.
    ///   - burst: how many may go at once after a pause; by default as many as in one second.
    init(name: String, rate: Double, burst: Int? = nil, shared: RateLimits? = nil) {
        self.name = name
        self.rate = rate
        self.burst = burst ?? max(1, Int(rate.rounded(.down)))
        self.shared = shared
        local = GCRALimiter(rate: rate, burst: self.burst)
    }

    /// Waits for its turn. `nil` when it has come; otherwise how long it would have taken, which is more than
    /// `maxWait`.
    ///
    /// A cancelled task waits no longer and gets no turn.
    func take(_ priority: NotificationPriority, maxWait: Duration) async -> Duration? {
        let expected = Duration.seconds(Double(count(before: priority)) / rate)
        guard expected <= maxWait else { return expected }
        lastNumber += 1
        let number = lastNumber
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard !Task.isCancelled else { return continuation.resume(returning: .zero) }
                let waiter = Waiter(number: number, deadline: .now + maxWait, continuation: continuation)
                waiters[priority, default: []].append(waiter)
                guard !isServing else { return }
                isServing = true
                Task { await serve() }
            }
        } onCancel: {
            Task { await self.giveUp(number) }
        }
    }

    private func count(before priority: NotificationPriority) -> Int {
        let high = waiters[.high]?.count ?? 0
        return priority == .high ? high : high + (waiters[.normal]?.count ?? 0)
    }

    private func giveUp(_ number: Int) {
        for priority in NotificationPriority.allCases {
            guard let index = waiters[priority]?.firstIndex(where: { $0.number == number }) else { continue }
            waiters[priority]?.remove(at: index).continuation.resume(returning: .zero)
        }
    }

    /// Hands out permits until nobody waits.
    private func serve() async {
        while count(before: .normal) > 0 {
            let (granted, next) = await permits(min(count(before: .normal), burst))
            for _ in 0..<granted { nextWaiter()?.continuation.resume(returning: nil) }
            guard granted == 0 else { continue }
            dismiss(whoseDeadlineIsBefore: .now + next, wait: next)
            try? await Task.sleep(for: next)
        }
        isServing = false
    }

    private func nextWaiter() -> Waiter? {
        for priority in [NotificationPriority.high, .normal] where waiters[priority]?.isEmpty == false {
            return waiters[priority]?.removeFirst()
        }
        return nil
    }

    private func dismiss(whoseDeadlineIsBefore instant: ContinuousClock.Instant, wait: Duration) {
        for priority in NotificationPriority.allCases {
            let late = waiters[priority]?.filter { $0.deadline < instant } ?? []
            waiters[priority]?.removeAll { $0.deadline < instant }
            for waiter in late { waiter.continuation.resume(returning: wait) }
        }
    }

    private func permits(_ wanted: Int) async -> (granted: Int, next: Duration) {
        if let shared, let grant = try? await shared.take(wanted, of: name, rate: rate, burst: burst) {
            return (grant.granted, grant.next)
        }
        return local.take(wanted, at: .now)
    }
}
