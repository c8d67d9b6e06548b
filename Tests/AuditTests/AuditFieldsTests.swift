@testable import FlotillaAudit
import Testing

struct AuditFieldsTests {
    func fields(_ event: String, _ body: String) -> AuditFields {
        AuditFields(scanning: Array(body.utf8), event: event)
    }

    @Test(
        arguments: [
            ("profile.viewed", #"{"profileId":"p","companyId":"c","recruiterId":9}"#, "9", "p"),
            ("user.updated", #"{"userId":5,"adminId":"a"}"#, "a", "5"),
            ("user.created", #"{"user_id":"u"}"#, nil, "u"),
            ("customer.validated", #"{"customerId":"c","adminId":"a","targetService":"x"}"#, "a", "c"),
            ("import.started", #"{"actorId":"a","userId":"u"}"#, "a", "u"),
            ("document.accessed", #"{"user_id":"u","documentId":"d","profileId":"p"}"#, "u", "d"),
            ("ticket.completed", #"{"jobId":123,"data":{"ticketId":789,"operatorId":1}}"#, nil, "123"),
            ("payment.completed", #"{"status":"ok","data":{"customerId":"c"}}"#, nil, "c"),
            ("x.y", #"{"a":{"userId":"nested"},"b":["userId"]}"#, nil, nil),
            ("profile.viewed", "[1]", nil, nil), ("profile.viewed", #""text""#, nil, nil),
            ("profile.viewed", #"{"profileId":null,"userId":{},"companyId":"c\u00e9"}"#, nil, "cé"),
            ("profile.viewed", #"{"profileId":"a\u0000b"}"#, nil, nil),
        ] as [(String, String, String?, String?)]
    )
    func `actor and subject are found by convention`(event: String, body: String, actor: String?, subject: String?) {
        let found = fields(event, body)
        #expect(found.actor == actor)
        #expect(found.subject == subject)
    }

    @Test func `service and time are read, occurredAt before timestamp`() {
        let found = fields("a.b", #"{"timestamp":1,"occurredAt":"2026-01-30T03:00:00Z","source":"s","service":"t"}"#)
        #expect(found.service == "t")
        #expect(found.occurredAt == 1_769_742_000_000_000)
        #expect(
            fields("a.b", #"{"timestamp":"nonsense","source":"s"}"#)
                == {
                    var expected = fields("a.b", "{}")
                    expected.service = "s"
                    return expected
                }()
        )
    }
}
