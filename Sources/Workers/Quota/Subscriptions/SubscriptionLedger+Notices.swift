import FlotillaModels

extension SubscriptionLedger {
    private static let day: Int64 = 86_400_000_000

    /// Enters what a service says of a subscription. What the fleet has published itself changes nothing.
    ///
    /// - Parameters:
    ///   - saidAt: when it was said.
    ///   - receivedAt: when it came. A period can't begin later, unless it begins before the present one ends.
    mutating func enter(
        _ kind: SubscriptionNotice.Kind,
        _ notice: SubscriptionNotice,
        saidAt: Int64,
        receivedAt: Int64,
        item: Int
    ) throws {
        guard !notice.isOwn else { return }
        if let code = notice.plan { _ = try plan(code) }
        let known = try subscription(of: notice)
        var notice = notice
        if let start = notice.periodStart, start > (known?.end ?? .min) {
            notice.periodStart = EventTime.credible(start, receivedAt: receivedAt)
        }
        switch kind {
        case .created:
            guard notice.subscriptionID != nil else {
                throw InvalidPayload(field: "subscriptionId", problem: "missing")
            }
            // Reported again, or after its outcome was reported.
            if let known { return try update(known, notice, saidAt, item) }
            guard notice.plan != nil else { throw InvalidPayload(field: "plan", problem: "missing") }
            try create(notice, saidAt, item)
        case .updated:
            if let known { try update(known, notice, saidAt, item) } else { try create(notice, saidAt, item) }
        case .renewed:
            guard let end = notice.periodEnd else { throw InvalidPayload(field: "periodEnd", problem: "missing") }
            if let known {
                try renew(known, until: end, notice, saidAt, item)
            } else {
                try create(notice.active, saidAt, item)
            }
        case .cancelled:
            guard let known else { throw UnknownSubscription(notice: notice) }
            if saidAt >= known.toldAt { cancel(known, notice, saidAt) }
        case .expired:
            guard let known else { throw UnknownSubscription(notice: notice) }
            expire(known, at: notice.expiredAt ?? notice.periodEnd ?? saidAt)
        }
    }

    private func subscription(of notice: SubscriptionNotice) throws(InvalidPayload) -> Subscription? {
        if let id = notice.subscriptionID { return try named(id, of: notice.companyID) }
        return first(of: notice.companyID) { $0.status == .active }
            ?? first(of: notice.companyID) { $0.status == .created } ?? first(of: notice.companyID) { _ in true }
    }

    /// Makes a subscription: active when the notice says so, else to be activated by its first payment.
    private mutating func create(_ notice: SubscriptionNotice, _ saidAt: Int64, _ item: Int) throws {
        guard let id = notice.subscriptionID, let code = notice.plan else { throw UnknownSubscription(notice: notice) }
        let status = notice.status ?? .created
        var made = Subscription(
            id: id,
            companyID: notice.companyID,
            plan: code,
            status: status == .active ? .created : status,
            toldAt: saidAt
        )
        if status == .active { return try activate(made, notice, saidAt, item) }
        if status.isFinal { made.endedAt = saidAt }
        set(made)
    }

    private mutating func update(
        _ known: Subscription,
        _ notice: SubscriptionNotice,
        _ saidAt: Int64,
        _ item: Int
    ) throws(InvalidPayload) {
        guard saidAt >= known.toldAt else { return }
        switch notice.status {
        case .cancelled?: return cancel(known, notice, saidAt)
        case .expired?: return expire(known, at: notice.expiredAt ?? notice.periodEnd ?? saidAt)
        case .active? where known.status == .created: return try activate(known, notice, saidAt, item)
        case .active? where known.status.isFinal: return try revive(known, notice, saidAt, item)
        default: break
        }
        var subscription = known
        subscription.toldAt = saidAt
        switch known.status {
        case .cancelled, .expired: return
        case .created:
            subscription.plan = notice.plan ?? known.plan
            set(subscription)
        case .active:
            if let code = notice.plan, code != known.plan { return try activate(known, notice, saidAt, item) }
            if let end = notice.periodEnd {
                guard end > known.start ?? .min else {
                    throw InvalidPayload(field: "periodEnd", problem: "expected a time after the period's begin")
                }
                subscription.move(endTo: end)
            }
            if let cancels = notice.cancelsAtEnd { subscription.cancelsAtEnd = cancels }
            set(subscription)
        }
    }

    /// An older notice may call active what has ended since: only one that reaches beyond the end begins anew.
    private mutating func revive(
        _ known: Subscription,
        _ notice: SubscriptionNotice,
        _ saidAt: Int64,
        _ item: Int
    ) throws(InvalidPayload) {
        guard let end = known.end, notice.periodEnd ?? saidAt <= end else {
            return try activate(known, notice, saidAt, item)
        }
    }

    /// Begins a period without a payment through us: of a subscription's plan, or of another one.
    private mutating func activate(
        _ known: Subscription,
        _ notice: SubscriptionNotice,
        _ saidAt: Int64,
        _ item: Int
    ) throws(InvalidPayload) {
        var subscription = known
        subscription.plan = notice.plan ?? known.plan
        subscription.toldAt = saidAt
        let plan = try plan(subscription.plan)
        let isRunning = known.status == .active
        let start = start(isRunning ? saidAt : notice.periodStart ?? saidAt, of: known.companyID)
        // Another plan takes over what is left of the period.
        var end = notice.periodEnd ?? (isRunning ? known.end : nil) ?? start
        var anchorDay = known.anchorDay(from: start, to: end)
        if end <= start {
            anchorDay = known.anchorDay(goingOnAt: start)
            end = anchorDay.adding(plan.months, to: start)
        }
        if let id = notice.paymentID { note(payment: id) }
        subscription = begin(
            subscription,
            plan,
            from: start,
            to: end,
            anchorDay: anchorDay,
            paymentID: notice.paymentID,
            item: item
        )
        announce(SubscriptionEvent.activated, subscription, paymentID: notice.paymentID, item: item)
    }

    /// A renewal says until when. With an end that is known here, or one that another calendar makes of it, or with a
    /// payment that is known, it has been entered before.
    private mutating func renew(
        _ known: Subscription,
        until end: Int64,
        _ notice: SubscriptionNotice,
        _ saidAt: Int64,
        _ item: Int
    ) throws(InvalidPayload) {
        if known.status == .cancelled, saidAt < known.toldAt { return }
        let isEntered = notice.paymentID.map { isKnown(payment: $0) } ?? false
        let knownEnd = known.end ?? .min
        var subscription = known
        subscription.toldAt = max(known.toldAt, saidAt)
        if known.status == .active, isEntered || end <= knownEnd + 3 * Self.day {
            if end > knownEnd { subscription.move(endTo: end) }
            if saidAt >= known.toldAt { subscription.cancelsAtEnd = false }
            return set(subscription)
        }
        guard !isEntered, end > knownEnd else { return }
        let start = start(notice.periodStart ?? saidAt, of: known.companyID)
        guard end > start else { return }
        subscription.plan = notice.plan ?? known.plan
        if let id = notice.paymentID { note(payment: id) }
        _ = begin(
            subscription,
            try plan(subscription.plan),
            from: start,
            to: end,
            anchorDay: subscription.anchorDay(from: start, to: end),
            paymentID: notice.paymentID,
            item: item
        )
    }

    /// What is paid for runs to its end, unless the notice says otherwise.
    private mutating func cancel(_ known: Subscription, _ notice: SubscriptionNotice, _ saidAt: Int64) {
        guard !known.status.isFinal else { return }
        var subscription = known
        subscription.toldAt = saidAt
        let runsOn = notice.cancelsAtEnd ?? true
        subscription.cut(at: runsOn ? notice.periodEnd ?? .max : saidAt)
        if let end = subscription.end, known.status == .active, runsOn, end > saidAt {
            subscription.cancelsAtEnd = true
        } else {
            subscription.status = .cancelled
            subscription.cancelsAtEnd = false
            subscription.endedAt = saidAt
        }
        set(subscription)
    }

    /// What was paid for beyond that time has not expired, whoever says so; up to a day is another clock.
    private mutating func expire(_ known: Subscription, at moment: Int64) {
        guard known.status == .active, let end = known.end, end <= moment + Self.day else { return }
        var subscription = known
        subscription.status = known.cancelsAtEnd ? .cancelled : .expired
        subscription.cut(at: moment)
        subscription.endedAt = subscription.end
        set(subscription)
    }
}

extension SubscriptionNotice {
    /// The same, of a subscription that is active.
    fileprivate var active: Self {
        var notice = self
        notice.status = .active
        return notice
    }
}
