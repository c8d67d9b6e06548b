import FlotillaModels
import FlotillaModules

/// The events of subscriptions, payments, tokens and usage: those that the quota worker reads, and those that it publishes.
enum QuotaMessages {
    static var all: [MessageDescription] { usage + tokens + payments + notices + own }

    private static let company = PayloadField(
        "companyId",
        or: "company_id",
        "customerId",
        "customer_id",
        is: .identifier,
        "The company, which is the customer."
    )
    private static let plan = PayloadField(
        "plan",
        or: "planId",
        "plan_id",
        "planCode",
        "plan_code",
        is: .identifier,
        "The plan's code, as the plan file names it; case does not matter."
    )
    private static let subscription = PayloadField(
        "subscriptionId",
        or: "subscription_id",
        is: .identifier,
        "Which subscription of the company; its present one unless given."
    )
    private static let occurredAt = PayloadField(
        "occurredAt",
        or: "occurred_at",
        "timestamp",
        is: .time,
        "When it happened; the message's timestamp unless given."
    )

    private static var usage: [MessageDescription] {
        [
            MessageDescription(
                ProfileViewed.event,
                from: "search service",
                "Somebody of a company has looked at a candidate's profile. It counts against the company's quota.",
                fields: [
                    company.required,
                    PayloadField(
                        "profileId",
                        or: "profile_id",
                        "candidateId",
                        "candidate_id",
                        is: .identifier,
                        "Whose profile it was."
                    ),
                    PayloadField(
                        "viewerId",
                        or: "viewer_id",
                        "recruiterId",
                        "recruiter_id",
                        "userId",
                        "user_id",
                        is: .identifier,
                        "Who looked."
                    ),
                    occurredAt,
                ],
                example: #"{"companyId":"c-1","profileId":"p-1","viewerId":"u-1","occurredAt":"2026-01-30T03:00:00Z"}"#,
                check: MessageDescription.reading(ProfileViewed.self)
            ),
            MessageDescription(
                SearchPerformed.event,
                from: "search service",
                "Somebody has searched for profiles. One for a company counts against its quota.",
                fields: [
                    company,
                    PayloadField(
                        "userId",
                        or: "user_id",
                        "recruiterId",
                        "recruiter_id",
                        is: .identifier,
                        "Who searched."
                    ),
                    PayloadField("searchId", or: "search_id", is: .identifier, "The search's own id."),
                    occurredAt,
                ],
                example: #"{"companyId":"c-1","userId":"u-1","searchId":"s-1","occurredAt":"2026-01-30T03:00:00Z"}"#,
                check: MessageDescription.reading(SearchPerformed.self)
            ),
        ]
    }

    private static var tokens: [MessageDescription] {
        let texts: [(TokenEvent.Kind, String)] = [
            (.purchased, "A company has bought tokens."), (.used, "A company has used tokens."),
            (.allocated, "A company was given tokens without a payment."),
        ]
        return texts.map { kind, summary in
            let number = PayloadField(
                "tokens",
                or: "tokenCount",
                "token_count",
                "quantity",
                "amount",
                is: .integer(1...TokenEvent.most),
                kind.isUse ? "How many; one unless given." : "How many."
            )
            return MessageDescription(
                kind.event,
                from: "token service",
                summary,
                fields: [
                    company.required, kind.isUse ? number : number.required,
                    PayloadField(
                        "purchaseId",
                        or: "purchase_id",
                        "usageId",
                        "usage_id",
                        "allocationId",
                        "allocation_id",
                        "transactionId",
                        "transaction_id",
                        "paymentId",
                        "payment_id",
                        is: .identifier,
                        "The purchase, use or allocation, by which it counts once."
                    ),
                    occurredAt,
                ],
                example: #"{"companyId":"c-1","tokens":50,"purchaseId":"po-7","occurredAt":"2026-01-30T03:00:00Z"}"#,
                check: { body throws(InvalidPayload) in _ = try TokenEvent(body: body).number(kind) }
            )
        }
    }

    private static var payments: [MessageDescription] {
        [
            MessageDescription(
                PaymentSucceeded.event,
                from: "payment service",
                "A company has paid for a period of a plan: its subscription is activated or renewed.",
                fields: [
                    company.required, plan.required,
                    PayloadField(
                        "paymentId",
                        or: "payment_id",
                        "paymentIntentId",
                        "payment_intent_id",
                        "payment_service_id",
                        "transactionId",
                        is: .identifier,
                        "The payment, by which it counts once; the message's id unless given."
                    ),
                    subscription,
                    PayloadField(
                        "paidAt",
                        or: "paid_at",
                        "completedAt",
                        "completed_at",
                        "occurredAt",
                        "occurred_at",
                        "timestamp",
                        is: .time,
                        "When it was paid; the message's timestamp unless given."
                    ),
                    PayloadField(
                        "status",
                        is: .choice(["succeeded", "success", "completed", "paid"]),
                        "Anything else is no success, and is refused."
                    ),
                ],
                example: #"{"paymentId":"pay_1","companyId":"c-1","plan":"pro","paidAt":"2026-01-30T03:00:00Z"}"#,
                check: MessageDescription.reading(PaymentSucceeded.self)
            )
        ]
    }

    private static var notices: [MessageDescription] {
        let texts: [(SubscriptionNotice.Kind, String)] = [
            (.created, "A company has a subscription, which is not paid for yet unless its status is active."),
            (.updated, "Plan, status or period of a subscription have changed."),
            (.renewed, "A subscription has a further period. The fleet publishes it as well."),
            (.cancelled, "A subscription ends before its time, or is not renewed."),
            (.expired, "A subscription has run out. The fleet publishes it as well."),
        ]
        return texts.map { kind, summary in
            MessageDescription(
                kind.rawValue,
                from: "customer service",
                summary,
                fields: noticeFields,
                example: """
                    {"subscriptionId":"sub_1","companyId":"c-1","plan":"pro","status":"active",\
                    "periodStart":"2026-01-10T00:00:00Z","periodEnd":"2026-02-10T00:00:00Z",\
                    "occurredAt":"2026-01-10T00:00:03Z"}
                    """,
                check: MessageDescription.reading(SubscriptionNotice.self)
            )
        }
    }

    private static var noticeFields: [PayloadField] {
        [
            company.required, subscription, plan,
            PayloadField(
                "status",
                is: .choice([
                    "created", "pending", "incomplete", "active", "trialing", "cancelled", "canceled", "expired",
                    "ended",
                ]),
                "What the subscription is now."
            ),
            PayloadField(
                "paymentId",
                or: "payment_id",
                "paymentIntentId",
                "payment_intent_id",
                is: .identifier,
                "The payment that it is about."
            ),
            PayloadField(
                "periodStart",
                or: "period_start",
                "currentPeriodStart",
                "current_period_start",
                "startDate",
                "start_date",
                is: .time,
                "The beginning of the present period."
            ),
            PayloadField(
                "periodEnd",
                or: "period_end",
                "currentPeriodEnd",
                "current_period_end",
                "endDate",
                "end_date",
                "endsAt",
                "ends_at",
                "expiresAt",
                "expires_at",
                is: .time,
                "Its end, after its beginning."
            ),
            PayloadField("expiredAt", or: "expired_at", is: .time, "When it ran out."), occurredAt,
            PayloadField(
                "atPeriodEnd",
                or: "at_period_end",
                "cancelAtPeriodEnd",
                "cancel_at_period_end",
                is: .flag,
                "Whether a cancelled one runs to the end of its period; it does unless told otherwise."
            ),
            PayloadField(
                "immediate",
                or: "immediately",
                is: .flag,
                "Whether a cancelled one ends at once; `atPeriodEnd` goes before it."
            ),
        ]
    }

    /// What the fleet publishes.
    private static var own: [MessageDescription] {
        let period = [
            PayloadField("periodStart", is: .time, "The beginning of the period.").required,
            PayloadField("periodEnd", is: .time, "Its end.").required,
            PayloadField("timestamp", is: .time, "When this was found out.").required,
        ]
        let counters = ["limit", "used", "overage"].map {
            PayloadField($0, is: .integer(0...Int64.max), "Of this kind, in this period.").required
        }
        let kinds = PayloadField("kind", is: .choice(QuotaKind.allCases.map(\.rawValue)), "What is counted.").required
        let quota = [QuotaEvent.warning, QuotaEvent.exceeded].map { name in
            MessageDescription(
                name,
                from: MessageDescription.fleet,
                name == QuotaEvent.warning
                    ? "A company has used most of a quota: once for a kind and period."
                    : "A company has used more than a quota: once for a kind and period.",
                fields: [company.required, kinds, plan.required] + counters + period,
                example: """
                    {"companyId":"c-1","kind":"profile_views","plan":"free","limit":10,"used":11,"overage":1,\
                    "periodStart":"2026-01-01T00:00:00Z","periodEnd":"2026-02-01T00:00:00Z",\
                    "timestamp":"2026-01-30T03:00:00Z"}
                    """
            )
        }
        let texts = [
            (SubscriptionEvent.activated, "A payment has activated a subscription."),
            (SubscriptionEvent.renewed, "A payment has renewed a subscription."),
            (SubscriptionEvent.expired, "A subscription has run out."),
            (SubscriptionEvent.expiring, "A subscription is about to run out."),
        ]
        let subscriptions = texts.map { name, summary in
            MessageDescription(
                name,
                from: MessageDescription.fleet,
                summary,
                fields: [
                    PayloadField("service", is: .choice([SubscriptionEvent.publisher]), "Who says so."),
                    subscription, company.required, plan,
                    PayloadField("status", is: .choice(["active", "expired", "cancelled"]), "What it is now."),
                    PayloadField("paymentId", is: .identifier, "The payment that brought it about."),
                    PayloadField("periodStart", is: .time, "The beginning of the present period."),
                    PayloadField("periodEnd", is: .time, "Its end."),
                    PayloadField("daysLeft", is: .integer(0...100_000), "Days to its end, begun ones included."),
                    PayloadField("timestamp", is: .time, "When this was found out."),
                ],
                example: """
                    {"service":"flotilla","subscriptionId":"sub_1","companyId":"c-1","plan":"pro","status":"active",\
                    "periodStart":"2026-01-10T00:00:00Z","periodEnd":"2026-02-10T00:00:00Z",\
                    "timestamp":"2026-01-10T00:00:03Z"}
                    """
            )
        }
        return quota + subscriptions
    }
}
