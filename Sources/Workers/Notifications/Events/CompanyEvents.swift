import FlotillaModels

/// Payments, subscriptions and quotas: what a customer, or the users of its company, should know.
enum CompanyEvents {
    static func paymentSucceeded(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("amount", try fields.value("amount"))
        data.add("currency", try fields.text("currency"))
        data.add("plan", try plan(fields))
        data.add(
            "payment_id",
            try fields.identifier("paymentId", "payment_id", "paymentIntentId", "payment_intent_id", "transactionId")
        )
        data.add("receipt_url", try fields.text("receiptUrl", "receipt_url", "invoiceUrl", "invoice_url"))
        data.add("paid_at", time: try fields.time("paidAt", "paid_at", "completedAt", "completed_at", "timestamp"))
        return try notify("payment_succeeded", fields, data)
    }

    static func subscriptionExpired(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("plan", try plan(fields))
        data.add("expired_at", time: try fields.time("expiredAt", "expired_at", "periodEnd", "period_end"))
        data.add("renew_url", try fields.text("renewUrl", "renew_url"))
        return try notify("subscription_expired", fields, data)
    }

    static func subscriptionExpiring(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        guard let end = try fields.time("expiresAt", "expires_at", "periodEnd", "period_end") else {
            throw InvalidPayload(field: "periodEnd", problem: "missing")
        }
        var data = TemplateData()
        data.add("plan", try plan(fields))
        data.add("expires_at", time: end)
        data.add("renew_url", try fields.text("renewUrl", "renew_url"))
        return try notify("subscription_expiring", fields, data)
    }

    static func subscriptionCancelled(_ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("plan", try plan(fields))
        data.add("ends_at", time: try fields.time("endsAt", "ends_at", "periodEnd", "period_end"))
        return try notify("subscription_cancelled", fields, data)
    }

    static func quota(_ template: String, _ event: NotifiedEvent) throws(InvalidPayload) -> EventEffect {
        let fields = event.fields
        var data = TemplateData()
        data.add("kind", try fields.identifier("kind", "quotaType", "quota_type") ?? "profile_views")
        for name in ["limit", "used"] {
            guard let number = try fields.value(name) else { throw InvalidPayload(field: name, problem: "missing") }
            data.add(name, number)
        }
        data.add("overage", try fields.value("overage"))
        data.add("period_end", time: try fields.time("periodEnd", "period_end"))
        return try notify(template, fields, data)
    }

    private static func plan(_ fields: EventFields) throws(InvalidPayload) -> String? {
        try fields.identifier("plan", "planName", "plan_name", "planId", "plan_id", "planCode", "plan_code")
    }

    private static func notify(
        _ template: String,
        _ fields: EventFields,
        _ data: TemplateData
    ) throws(InvalidPayload) -> EventEffect {
        EventEffect(announcements: [Announcement(template: template, to: [try fields.company()], data: data)])
    }
}
