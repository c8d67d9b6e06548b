import FlotillaHTTPRouting
import Testing

/// Of every route that changes something, the audit log has who called it.
struct OperatorRoutesTests {
    /// The actions of `operator.acted`, by what follows `/api/v1`.
    private static let acting = [
        "DELETE /cron/{name}": "cron.delete",
        "POST /batches/{id}/cancel": "batch.cancel",
        "POST /cron/{name}/backfill": "cron.backfill",
        "POST /cron/{name}/pause": "cron.pause",
        "POST /cron/{name}/resume": "cron.resume",
        "POST /cron/{name}/trigger": "cron.trigger",
        "PUT /cron/{name}": "cron.put",
        "POST /jobs/{id}/cancel": "job.cancel",
        "POST /jobs/{id}/retry": "job.retry",
        "POST /tokens/revoke": "token.revoke",
        "PUT /notifications/preferences/{recipient}": "preferences.change",
    ]

    private static let isEvent = "publishes an event, whose row names the caller"
    private static let isPerson = "is what people do with their own notifications"
    private static let isReading = "changes nothing"

    private static let exempt = [
        "POST /batches": "makes a batch, which says who made it",
        "POST /batches/{id}/close": "lets the end of a batch be told, which says who made it",
        "POST /jobs/batch": "makes jobs, which say who made them",
        "POST /events": isEvent,
        "POST /jobs": "makes a job, which says who made it, as the rows of its message do",
        "POST /notifications/email": isEvent,
        "POST /notifications/in-app": isEvent,
        "POST /notifications/in-app/read": isPerson,
        "POST /notifications/sms": isEvent,
        "POST /notifications/unsubscribe": isPerson,
        "POST /notifications/{id}/read": isPerson,
        "POST /profiles/{id}/view": isEvent,
        "POST /quotas/{company}/check": isReading,
        "POST /scans/validate": isEvent,
        "POST /search": isEvent,
        "POST /tickets/generate": "makes a job, which says who made it, as the rows of its message do",
        "POST /tickets/{code}/cancel": isEvent,
    ]

    @Test func `of every route that may change something it is said what the audit log has of it`() throws {
        let changing = try AccessDocument.routes().filter { $0.method != "GET" }
        let names = Set(
            changing.map { route in
                let base = route.path.text.hasPrefix("/api/v1/") ? "/api/v1" : "/api"
                return "\(route.method) \(route.path.text.dropFirst(base.count))"
            }
        )
        let said = Set(Self.acting.keys).union(Self.exempt.keys)
        #expect(names.subtracting(said) == [], "operator.acted, or a reason why there is none, is missing")
        #expect(said.subtracting(names) == [], "there are no such routes")
        #expect(said.count == Self.acting.count + Self.exempt.count, "some are there twice")
    }
}
