import FlotillaLocalization
import FlotillaModels

/// Every event that a person is notified of, or that describes a recipient, and what is read from it.
enum NotifiedEvents {
    typealias Mapping = @Sendable (NotifiedEvent) throws(InvalidPayload) -> EventEffect

    static let all: [String: Mapping] = [
        "user.created": UserEvents.created,
        "user.updated": UserEvents.updated,
        "user.role_changed": UserEvents.updated,
        "user.deleted": UserEvents.deleted,
        "user.password.reset": UserEvents.passwordReset,
        "customer.created": CustomerEvents.changed,
        "customer.updated": CustomerEvents.changed,
        "customer.deleted": CustomerEvents.deleted,
        "customer.validated": { event throws(InvalidPayload) in try CustomerEvents.notify("customer_validated", event)
        },
        "customer.suspended": { event throws(InvalidPayload) in try CustomerEvents.notify("customer_suspended", event)
        },
        "customer.reactivated": { event throws(InvalidPayload) in
            try CustomerEvents.notify("customer_reactivated", event)
        },
        "profile.submitted": RecruitmentEvents.profileSubmitted,
        "profile.validated": RecruitmentEvents.profileValidated,
        "profile.rejected": RecruitmentEvents.profileRejected,
        "interview.scheduled": RecruitmentEvents.interviewScheduled,
        "payment.succeeded": CompanyEvents.paymentSucceeded,
        "subscription.expired": CompanyEvents.subscriptionExpired,
        "subscription.expiring": CompanyEvents.subscriptionExpiring,
        "subscription.cancelled": CompanyEvents.subscriptionCancelled,
        "quota.warning": { event throws(InvalidPayload) in try CompanyEvents.quota("quota_warning", event) },
        "quota.exceeded": { event throws(InvalidPayload) in try CompanyEvents.quota("quota_exceeded", event) },
        "ticket.completed": TicketEvents.completed,
        "session.created": MentoringEvents.sessionCreated,
        "matching.suggested": MentoringEvents.matchingSuggested,
        "import.completed": AdministrationEvents.importCompleted,
        "import.failed": AdministrationEvents.importFailed,
        "report.generated": AdministrationEvents.reportGenerated,
        "config.updated": AdministrationEvents.configUpdated,
    ]
}

extension EventFields {
    /// The person whom an event is about: an address of its own, or the id of a user.
    func person(_ names: String...) throws(InvalidPayload) -> RecipientSelector {
        if let id = try identifier(among: names) { return .user(id) }
        if let address = try identifier("email", "userEmail", "user_email", "candidateEmail", "candidate_email") {
            return .email(address, name: try text("name", "fullName", "full_name", limit: 1_000))
        }
        throw InvalidPayload(field: names.first ?? "userId", problem: "missing")
    }

    /// The company that an event is about: an address of its own, or its id.
    func company() throws(InvalidPayload) -> RecipientSelector {
        if let address = try identifier("customerEmail", "customer_email", "billingEmail", "billing_email", "email") {
            return .email(address, name: try text("customerName", "customer_name", limit: 1_000))
        }
        return .company(try requiredIdentifier("companyId", "company_id", "customerId", "customer_id"))
    }

    /// The zone that the event names, for what is planned in it; `nil` takes the assumed one.
    func zone() throws(InvalidPayload) -> NamedTimeZone? {
        guard let name = try text("timeZone", "time_zone", "timezone", limit: 64), !name.isEmpty else { return nil }
        guard let zone = NamedTimeZone.named(name) else {
            throw InvalidPayload(field: "timeZone", problem: "expected a time zone such as Europe/Paris")
        }
        return zone
    }

    /// A whole number that may be missing.
    func count(_ value: JSONValue?) -> Int? {
        switch value {
        case .number(let text), .string(let text): Int(text)
        case .array(let elements): elements.count
        default: nil
        }
    }
}
