@testable import flotilla
import FlotillaHTTPRouting
import FlotillaModels
import FlotillaModules
import Testing

/// The rules of all domains together.
struct IntakeRulesTests {
    private let rules = Flotilla.program.intakeRules

    private func principal(_ scopes: Set<Scope>, _ grants: Grants) -> Principal {
        Principal(id: "0", name: "tests", scopes: scopes, grants: grants)
    }

    private func code(event: String, _ principal: Principal) -> String? {
        do throws(APIError) { try rules.check(event: event, from: principal) } catch { return error.code }
        return nil
    }

    private func code(job: String, _ principal: Principal) -> String? {
        do throws(APIError) { try rules.check(job: job, from: principal) } catch { return error.code }
        return nil
    }

    @Test(
        arguments: [
            "webhook.deliver", "webhook.disabled", "notification.deliver.email", "notification.deliver.email.urgent",
            "notification.deliver.sms", "notification.deliver.sms.urgent", "quota.warning", "quota.exceeded",
            "subscription.activated", "subscription.expiring", "notification.sent", "notification.failed",
            "notification.requested", "ticket.completed", "ticket.scanned", "scan.rejected", "scan.suspected",
            "subject.forgotten",
            "audit.month.detached",
        ]
    )
    func `what is the fleet's alone is taken from nobody, as event or as job, from admin neither`(name: String) {
        let callers = [
            principal([.admin], Grants()), principal([.enqueue], .standard),
            principal([.enqueue], Grants(events: ["#", name], jobs: ["#", name])),
        ]
        for caller in callers {
            #expect(code(event: name, caller) == "fleet_only")
            #expect(code(job: name, caller) == "fleet_only")
        }
    }

    @Test(
        arguments: [
            "payment.succeeded", "payment.failed", "invoice.generated", "subscription.created",
            "subscription.cancelled", "token.purchased", "token.used", "user.created", "user.deleted",
            "user.role_changed", "user.password.reset", "user.logout", "auth.logout", "customer.created",
            "customer.suspended", "ticket.cancelled",
            "audit.write", "notification.email",
        ]
    )
    func `what changes money, rights or people is in no default, and for who is granted it`(name: String) {
        let standard = principal([.enqueue], .standard)
        #expect(code(event: name, standard) == "not_granted")
        #expect(code(job: name, standard) == "not_granted")
        let granted = principal([.enqueue], Grants(events: [name], jobs: [name]))
        #expect(code(event: name, granted) == nil)
        #expect(code(job: name, granted) == nil)
        #expect(code(event: name, principal([.admin], Grants())) == nil)
    }

    @Test(
        arguments: [
            "profile.viewed", "profile.validated", "search.performed", "ticket.generation.requested",
            "interview.scheduled", "config.updated", "session.created", "paymentx.succeeded", "ticket.cancelled.twice",
        ]
    )
    func `everything else is in the default, and not for a key with a list of its own`(name: String) {
        #expect(code(event: name, principal([.enqueue], .standard)) == nil)
        #expect(code(job: name, principal([.enqueue], .standard)) == nil)
        #expect(code(event: name, principal([.enqueue], Grants(events: ["other.*"]))) == "not_granted")
        #expect(code(job: name, principal([.enqueue], Grants(events: ["#"]))) == "not_granted")
    }

    @Test func `a default and more in one list allow both`() {
        let shop = principal([.enqueue], Grants(events: ["default", "payment.*"]))
        #expect(code(event: "payment.succeeded", shop) == nil)
        #expect(code(event: "profile.viewed", shop) == nil)
        #expect(code(event: "user.deleted", shop) == "not_granted")
    }

    @Test func `a refusal names what was handed in, and what is granted`() {
        let shop = principal([.enqueue], Grants(events: ["profile.*"]))
        do throws(APIError) {
            try rules.check(event: "payment.succeeded", from: shop)
            Issue.record("was taken")
        } catch {
            #expect(error.status == 403 && error.message.contains("payment.succeeded"))
            #expect(error.details.first?.message.contains("profile.*") == true)
        }
    }
}
