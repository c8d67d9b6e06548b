import FlotillaModels
import FlotillaModules

/// What those who run the platform are told.
extension NotificationMessages {
    static var administration: [MessageDescription] {
        let starter = [
            PayloadField(
                "adminId",
                or: "admin_id",
                "userId",
                "user_id",
                "startedBy",
                "started_by",
                "actorId",
                "actor_id",
                is: .identifier,
                "Who began it, and is told; or email."
            ), email.instead(of: "adminId"),
        ]
        let file = PayloadField("fileName", or: "file_name", is: .text(), "The file.")
        let counts = ["success", "failed"].map {
            PayloadField($0, is: .any, "How many, or the list of them. May be in stats or results.").required
        }
        return [
            event(
                "import.completed",
                from: "import service",
                "An import has ended, and who began it is told.",
                starter + counts + [file],
                #"{"importId":"im-1","adminId":"u-1","success":40,"failed":2,"fileName":"people.csv"}"#
            ),
            event(
                "import.failed",
                from: "import service",
                "An import has failed, and who began it is told.",
                starter + [PayloadField("error", or: "message", "reason", is: .text(), "Why.").required, file],
                #"{"importId":"im-1","adminId":"u-1","error":"The file is empty.","fileName":"people.csv"}"#
            ),
            event(
                "report.generated",
                from: "report service",
                "A report is there. HR is told of one that holds alerts.",
                [
                    PayloadField("title", is: .text(), "Its title."),
                    PayloadField("period", or: "month", "type", is: .text(), "Of when."),
                    PayloadField(
                        "alerts",
                        is: .either([.list(.any, count: 0...Int.max), .integer(0...Int64.max)]),
                        "Texts, or objects with a message; or how many there are."
                    ),
                    PayloadField("reportUrls", or: "report_urls", "reports", is: .any, "Where it is, in which forms."),
                ],
                #"{"title":"January","period":"2026-01","alerts":["3 sessions without feedback"],"reportUrls":["https://files.example/r.pdf"]}"#
            ),
            event(
                "config.updated",
                from: "admin",
                "The configuration was changed, and the administrators are told.",
                [
                    PayloadField("updatedBy", or: "updated_by", "adminId", "admin_id", is: .identifier, "By whom.")
                        .required,
                    PayloadField("changes", is: .any, "What was changed: a list, or an object of new values."),
                ],
                #"{"updatedBy":"u-1","changes":{"sessionMinutes":{"old":30,"new":45}}}"#
            ),
            event(
                "ticket.completed",
                from: MessageDescription.fleet,
                "Tickets are made: guests with an address get theirs, and who asked for them the sum.",
                [],
                #"{"eventId":456,"data":{"tickets":[],"summary":{"total":0,"successful":0,"failed":0}}}"#
            ),
        ]
    }
}
