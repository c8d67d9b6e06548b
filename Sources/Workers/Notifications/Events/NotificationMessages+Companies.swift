import FlotillaModels
import FlotillaModules

/// Companies, and those who meet.
extension NotificationMessages {
    static var companies: [MessageDescription] {
        let renewal = PayloadField("renewUrl", or: "renew_url", is: .text(), "Where to renew it.")
        let acme = #""companyId":"c-1","plan":"pro""#
        return [
            event(
                "payment.succeeded",
                from: "payment service",
                "A company has paid, and gets a receipt.",
                [
                    company, companyEmail, plan, PayloadField("amount", is: .any, "How much."),
                    PayloadField("currency", is: .text(), "EUR."),
                    PayloadField(
                        "receiptUrl",
                        or: "receipt_url",
                        "invoiceUrl",
                        "invoice_url",
                        is: .text(),
                        "Where the receipt is."
                    ),
                ],
                #"{"companyId":"c-1","plan":"pro","amount":"99.00","currency":"EUR","paymentId":"pay_1"}"#
            ),
            event(
                "subscription.expired",
                from: "customer service",
                "A subscription has run out, and its company is told so.",
                [
                    company, companyEmail, plan,
                    PayloadField("expiredAt", or: "expired_at", "periodEnd", "period_end", is: .time, "When."), renewal,
                ],
                "{\(acme),\"expiredAt\":\"2026-02-10T00:00:00Z\"}"
            ),
            event(
                "subscription.expiring",
                from: MessageDescription.fleet,
                "A subscription is about to run out, and its company is told so.",
                [
                    company, companyEmail, plan,
                    PayloadField("periodEnd", or: "period_end", "expiresAt", "expires_at", is: .time, "When.").required,
                    renewal,
                ],
                "{\(acme),\"periodEnd\":\"2026-02-10T00:00:00Z\"}"
            ),
            event(
                "subscription.cancelled",
                from: "customer service",
                "A subscription will not be renewed, and its company is told so.",
                [
                    company, companyEmail, plan,
                    PayloadField("endsAt", or: "ends_at", "periodEnd", "period_end", is: .time, "When it ends."),
                ],
                "{\(acme),\"endsAt\":\"2026-02-10T00:00:00Z\"}"
            ), quota("quota.warning", "A company has used most of a quota, and is told so."),
            quota("quota.exceeded", "A company has used more than a quota, and is told so."),
        ]
    }

    private static func quota(_ name: String, _ summary: String) -> MessageDescription {
        event(
            name,
            from: MessageDescription.fleet,
            summary,
            [
                company, PayloadField("kind", or: "quotaType", "quota_type", is: .identifier, "What is counted."),
                PayloadField("limit", is: .any, "How much there is.").required,
                PayloadField("used", is: .any, "How much is used.").required,
                PayloadField("overage", is: .any, "How much is beyond it."),
                PayloadField("periodEnd", or: "period_end", is: .time, "Until when it counts."),
            ],
            #"{"companyId":"c-1","kind":"profile_views","limit":10,"used":11,"overage":1}"#
        )
    }

    static var mentoring: [MessageDescription] {
        [
            event(
                "session.created",
                from: "session service",
                "Two people will meet, and both get the link.",
                [
                    PayloadField("mentorId", or: "mentor_id", is: .identifier, "One of them; or participants.")
                        .required,
                    PayloadField("menteeId", or: "mentee_id", is: .identifier, "The other.").required,
                    PayloadField(
                        "participants",
                        or: "participantIds",
                        "participant_ids",
                        "userIds",
                        "user_ids",
                        is: .list(.identifier, count: 1...1_000),
                        "All of them, in place of mentorId and menteeId."
                    ),
                    PayloadField(
                        "meetingUrl",
                        or: "meeting_url",
                        "joinUrl",
                        "join_url",
                        "meetingLink",
                        is: .text(),
                        "The link."
                    ).required,
                    PayloadField(
                        "startsAt",
                        or: "starts_at",
                        "startTime",
                        "start_time",
                        "date",
                        is: .time,
                        "When it begins."
                    ), zone,
                    PayloadField("durationMinutes", or: "duration_minutes", "duration", is: .text(), "How long."),
                    PayloadField("title", is: .text(), "What about."),
                    PayloadField("mentorName", or: "mentor_name", is: .text(), "Their names."),
                    PayloadField("menteeName", or: "mentee_name", is: .text(), "Their names."),
                ],
                #"{"mentorId":"u-1","menteeId":"u-2","startsAt":"2026-02-03T09:00:00Z","meetingUrl":"https://meet.example/1"}"#
            ),
            event(
                "matching.suggested",
                from: "matching service",
                "Mentors were found for somebody, and HR is told to choose.",
                [
                    PayloadField("menteeId", or: "mentee_id", is: .identifier, "For whom.").required,
                    PayloadField("menteeName", or: "mentee_name", is: .text(), "Their name."),
                    PayloadField(
                        "matches",
                        or: "matchCount",
                        "match_count",
                        is: .either([.number, .list(.any, count: 0...Int.max)]),
                        "The matches, or how many there are."
                    ).required,
                ],
                #"{"menteeId":"u-2","menteeName":"Bo Ray","matches":3}"#
            ),
        ]
    }
}
