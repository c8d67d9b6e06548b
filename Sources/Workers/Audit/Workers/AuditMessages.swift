import FlotillaModules

/// What the audit log takes beside the events that other domains describe: those that nobody else here reads, and entries
/// that services write of themselves.
enum AuditMessages {
    static var all: [MessageDescription] { [entry] + foreign.map(event) + own }

    private static var entry: MessageDescription {
        MessageDescription(
            ActionStep.entryEvent,
            [.job],
            from: "any service",
            """
            An entry that a service writes itself. With an action that ends in started, completed or failed, or such a \
            status, it is linked to the other end of that action.
            """,
            fields: [
                PayloadField("action", is: .text(atMost: 200), "What was done: IMPORT_STARTED."),
                PayloadField(
                    "status",
                    is: .text(atMost: 40),
                    "started, completed or failed, where action does not say."
                ),
                PayloadField(
                    "auditLogId",
                    or: "audit_log_id",
                    "actionId",
                    "action_id",
                    "auditId",
                    "audit_id",
                    is: .identifier,
                    "The id of the action, which its beginning and its end have in common."
                ), PayloadField("userId", or: "user_id", is: .identifier, "Whom or whose action it is about."),
            ],
            example: #"{"action":"IMPORT_STARTED","auditLogId":"a-1","userId":"u-1","fileName":"people.csv"}"#
        )
    }

    /// Events of other services of which only the audit log keeps something: name, sender, summary, example.
    private static let foreign: [(String, String, String, String)] = [
        (
            "accounting.customer.request", "accounting", "Accounting asks for a customer's data.",
            #"{"customerId":"c-1"}"#
        ),
        (
            "admin.customer.action", "admin", "An administrator did something to a customer.",
            #"{"customerId":"c-1","adminId":"u-1","action":"suspend"}"#
        ),
        ("company.created", "company service", "A company is new.", #"{"companyId":"c-1","name":"Acme"}"#),
        ("company.updated", "company service", "What is known of a company has changed.", #"{"companyId":"c-1"}"#),
        (
            "config.update.started", "admin", "A change of the configuration has begun.",
            #"{"adminId":"u-1","changeId":"ch-1"}"#
        ),
        ("customer.data.request", "any service", "A customer's data are asked for.", #"{"customerId":"c-1"}"#),
        (
            "customer.update.request", "any service", "A change of a customer's data is asked for.",
            #"{"customerId":"c-1"}"#
        ),
        (
            "document.accessed", "document service", "Somebody has opened a document.",
            #"{"documentId":"d-1","userId":"u-1"}"#
        ),
        (
            "document.scanned", "document service", "A document was looked through for harm.",
            #"{"documentId":"d-1","clean":true}"#
        ),
        (
            "document.upload.requested", "document service", "A document is to be uploaded.",
            #"{"customerId":"c-1","documentType":"id"}"#
        ),
        ("document.uploaded", "document service", "A document is there.", #"{"documentId":"d-1","profileId":"p-1"}"#),
        (
            "document.verification.requested", "document service", "A document is to be verified.",
            #"{"documentId":"d-1","customerId":"c-1"}"#
        ),
        (
            "import.started", "import service", "An import has begun.",
            #"{"importId":"im-1","adminId":"u-1","fileName":"people.csv"}"#
        ),
        (
            "institution.customer.update", "institution", "An institution has changed a customer's data.",
            #"{"customerId":"c-1"}"#
        ),
        (
            "interview.completed", "interview service", "An interview has taken place.",
            #"{"interviewId":"i-1","candidateId":"u-1"}"#
        ),
        (
            "invoice.generated", "invoice service", "An invoice is there.",
            #"{"invoiceId":"inv-1","companyId":"c-1","amount":"99.00"}"#
        ),
        (
            "mobile.user.action", "mobile application", "Somebody did something in the application.",
            #"{"userId":"u-1","action":"open"}"#
        ),
        (
            "payment.completed", "payment service", "A payment has gone through at the provider.",
            #"{"paymentId":"pay_1","companyId":"c-1"}"#
        ),
        (
            "payment.failed", "payment service", "A payment has failed.",
            #"{"paymentId":"pay_1","companyId":"c-1","reason":"declined"}"#
        ),
        ("payment.initiated", "payment service", "A payment has begun.", #"{"paymentId":"pay_1","companyId":"c-1"}"#),
        ("profile.created", "profile service", "A profile has been begun.", #"{"profileId":"p-1","userId":"u-1"}"#),
        (
            "profile.status_changed", "profile service", "A profile has come to another state.",
            #"{"profileId":"p-1","oldStatus":"DRAFT","newStatus":"SUBMITTED"}"#
        ),
        (
            "recruiter.invited", "company service", "A recruiter is invited to a company.",
            #"{"companyId":"c-1","email":"ann@example.com"}"#
        ),
        (
            "recruiter.joined", "company service", "A recruiter has joined a company.",
            #"{"companyId":"c-1","userId":"u-1"}"#
        ),
        (
            "recruiter.removed", "company service", "A recruiter has left a company.",
            #"{"companyId":"c-1","userId":"u-1"}"#
        ),
        ("sme.customer.update", "company service", "A small company has changed its data.", #"{"customerId":"c-1"}"#),
        ("user.action", "any service", "Somebody did something.", #"{"userId":"u-1","action":"open"}"#),
    ]

    private static func event(_ name: String, _ sender: String, _ summary: String, _ example: String)
        -> MessageDescription
    {
        MessageDescription(name, from: sender, summary, example: example)
    }

    /// Entries that the fleet makes of itself.
    private static var own: [MessageDescription] {
        [
            MessageDescription(
                "operator.acted",
                from: MessageDescription.fleet,
                "An operator has changed something by the command line.",
                example: #"{"action":"key.create","operator":"ann@host","subject":"shop"}"#
            ),
            MessageDescription(
                "request.denied",
                from: MessageDescription.fleet,
                "The control API has refused requests of one caller, for one reason, within a minute.",
                example: #"{"reason":"forbidden","count":3,"actor":"key:k1"}"#
            ),
        ]
    }
}
