import FlotillaModels
import FlotillaModules

/// Users and customers, and what candidates wait for.
extension NotificationMessages {
    private static let user = PayloadField("userId", or: "user_id", "id", is: .identifier, "The person.").required

    static var users: [MessageDescription] {
        let person =
            [user] + contact + [
                PayloadField(
                    "companyId",
                    or: "company_id",
                    "customerId",
                    "customer_id",
                    is: .identifier,
                    "The company that the person belongs to."
                ),
                PayloadField(
                    "roles",
                    or: "newRole",
                    "new_role",
                    "role",
                    is: .either([.string(atMost: 255), .list(.string(atMost: 255), count: 0...Int.max)]),
                    "One, or all of them: hr, admins."
                ), occurredAt,
            ]
        let ann = #""userId":"u-1","email":"ann@example.com","name":"Ann Lee","language":"en""#
        return [
            event(
                "user.created",
                from: "user service",
                "A person is new: they are welcomed, and can be notified by their id from now on.",
                person + [
                    PayloadField("loginUrl", or: "login_url", is: .text(), "Where to log in."),
                    PayloadField("activationUrl", or: "activation_url", is: .text(), "Where to confirm the address."),
                ],
                "{\(ann),\"loginUrl\":\"https://app.example.com/login\"}"
            ),
            event(
                "user.updated",
                from: "user service",
                "Somebody's address, name or language has changed.",
                person,
                "{\(ann)}"
            ),
            event(
                "user.role_changed",
                from: "user service",
                "Somebody has other roles.",
                person,
                #"{"userId":"u-1","newRole":"hr"}"#
            ),
            event(
                "user.deleted",
                from: "user service",
                "A person has left: nothing is sent to them any more.",
                [user, occurredAt],
                #"{"userId":"u-1"}"#
            ),
            event(
                "user.password.reset",
                from: "auth service",
                "Somebody wants to have a new password: they get a link or a code at once.",
                [
                    PayloadField("userId", or: "user_id", is: .identifier, "The person; or email."),
                    email.instead(of: "userId"),
                    PayloadField(
                        "resetUrl",
                        or: "reset_url",
                        "resetLink",
                        "reset_link",
                        "url",
                        is: .text(),
                        "The link."
                    ),
                    PayloadField("code", or: "token", "resetToken", "reset_token", is: .text(), "The code."),
                    PayloadField("expiresAt", or: "expires_at", is: .time, "Until when it can be used."),
                ],
                #"{"userId":"u-1","resetUrl":"https://app.example.com/reset/1","expiresAt":"2026-01-30T04:00:00Z"}"#
            ),
        ]
    }

    static var customers: [MessageDescription] {
        let id = PayloadField("customerId", or: "customer_id", is: .identifier, "The customer, which is a company.")
        let customer = [id.required] + contact + [occurredAt]
        let example = #"{"customerId":"c-1","companyName":"Acme","email":"office@acme.example","language":"fr"}"#
        return [
            event("customer.created", from: "customer service", "A customer is new.", customer, example),
            event(
                "customer.updated",
                from: "customer service",
                "A customer's address or name has changed.",
                customer,
                example
            ),
            event(
                "customer.deleted",
                from: "customer service",
                "A customer has left.",
                [id.required, occurredAt],
                #"{"customerId":"c-1"}"#
            ),
            event(
                "customer.validated",
                from: "customer service",
                "A customer was let in, and is told so.",
                customer + [reason],
                example
            ),
            event(
                "customer.suspended",
                from: "customer service",
                "A customer was shut out, and is told why.",
                customer + [reason],
                #"{"customerId":"c-1","reason":"unpaid"}"#
            ),
            event(
                "customer.reactivated",
                from: "customer service",
                "A customer may go on, and is told so.",
                customer + [reason],
                #"{"customerId":"c-1"}"#
            ),
        ]
    }

    static var recruitment: [MessageDescription] {
        [
            event(
                "profile.submitted",
                from: "profile service",
                "A candidate has handed in a profile: they are told that it came, and HR that it waits.",
                [
                    PayloadField("profileId", or: "profile_id", is: .identifier, "The profile."), candidate,
                    email.instead(of: "userId"),
                    PayloadField(
                        "candidateName",
                        or: "candidate_name",
                        "name",
                        is: .text(atMost: 1_000),
                        "Their name, for HR."
                    ),
                    PayloadField("reviewUrl", or: "review_url", is: .text(), "Where HR looks at it."),
                ],
                #"{"profileId":"p-1","userId":"u-1","candidateName":"Ann Lee"}"#
            ),
            event(
                "profile.validated",
                from: "profile service",
                "A profile can be found, and its candidate is told so.",
                [
                    candidate, email.instead(of: "userId"),
                    PayloadField("profileUrl", or: "profile_url", is: .text(), "Where it is."),
                ],
                #"{"profileId":"p-1","userId":"u-1"}"#
            ),
            event(
                "profile.rejected",
                from: "profile service",
                "A profile was turned down, and its candidate is told why.",
                [
                    candidate, email.instead(of: "userId"),
                    PayloadField("reason", or: "rejectionReason", "rejection_reason", is: .text(), "Why."),
                ],
                #"{"profileId":"p-1","userId":"u-1","reason":"The photo is missing."}"#
            ),
            event(
                "interview.scheduled",
                from: "interview service",
                "An interview will take place, and the candidate is told when and where.",
                [
                    candidate, email.instead(of: "userId"),
                    PayloadField(
                        "startsAt",
                        or: "starts_at",
                        "scheduledAt",
                        "scheduled_at",
                        "interviewDate",
                        "date",
                        is: .time,
                        "When it begins."
                    ).required, zone,
                    PayloadField("durationMinutes", or: "duration_minutes", "duration", is: .text(), "How long."),
                    PayloadField("companyName", or: "company_name", is: .text(), "With whom."),
                    PayloadField("position", or: "jobTitle", "job_title", is: .text(), "For what."),
                    PayloadField("location", or: "address", is: .text(), "Where."),
                    PayloadField("meetingUrl", or: "meeting_url", "joinUrl", "join_url", is: .text(), "Or the link."),
                    PayloadField("interviewerName", or: "interviewer_name", is: .text(), "Who will ask."),
                ],
                #"{"userId":"u-1","startsAt":"2026-02-03T09:00:00Z","companyName":"Acme","location":"Lyon"}"#
            ),
        ]
    }
}
