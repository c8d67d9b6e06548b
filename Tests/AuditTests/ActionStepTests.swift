@testable import FlotillaAudit
import Testing

struct ActionStepTests {
    func step(_ event: String, _ body: String) -> ActionStep? {
        var record = AuditChainTests.first
        record.event = event
        record.body = Array(body.utf8)
        return ActionStep(record)
    }

    @Test(
        arguments: [
            ("import.started", #"{"importId":5}"#, "started import 5"),
            ("import.completed", #"{"data":{"import_id":"i"}}"#, "completed import i"),
            ("config.update.failed", #"{"actionId":"a","configUpdateId":"c"}"#, "failed config.update a"),
            ("audit.write", #"{"action":"IMPORT_STARTED","adminId":"x","id":"L"}"#, "started import L"),
            ("audit.write", #"{"auditLogId":"L","status":"completed","results":{}}"#, "completed - L"),
            ("audit.write", #"{"action":"CONFIG_UPDATE_STARTED"}"#, "started config.update -"),
            ("audit.write", #"{"action":"REPORT_GENERATED"}"#, nil), ("profile.viewed", "{}", nil),
            ("audit.write", "[]", nil), ("started", "{}", nil), ("import.started", "[1]", "started import -"),
        ] as [(String, String, String?)]
    )
    func `beginnings and ends are recognised, with the id that they give`(
        event: String,
        body: String,
        expected: String?
    ) {
        let found = step(event, body).map { "\($0.phase) \($0.action ?? "-") \($0.key ?? "-")" }
        #expect(found == expected)
    }
}
