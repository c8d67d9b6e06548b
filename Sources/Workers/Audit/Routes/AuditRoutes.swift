package import FlotillaHTTPRouting
import FlotillaModules
import FlotillaPlatform

/// `/api/v1/audit`: who did what, when, and who saw what.
///
/// `operate` reads it with personal data sealed, and codes and links masked; with `read:personal` they are shown.
package struct AuditRoutes: Sendable {
    private enum Query {
        static let event = Field.optional("event", .string(), "Only this event; profile.* is all of an entity's.")
        static let actor = Field.optional("actor", .string(), "Only rows whose actor is this id.")
        static let subject = Field.optional("subject", .string(), "Only rows whose subject is this id.")
        static let correlationID = Field.optional("correlationId", .string(), "Only what belongs together.")
        static let service = Field.optional("service", .string(), "Only events of this service.")
        static let messageID = Field.optional("messageId", .string(), "Only the event with this message id.")
        static let receivedBy = Field.optional(
            "receivedBy",
            .string(),
            "Only what this caller handed in: key:3f9a0c11d2e4, or user:NAME of the broker."
        )
        static let receivedID = Field.optional("receivedId", .string(), "Only what its caller gave this id.")
        static let from = Field.optional("from", .timestamp, "Recorded at this time or later.")
        static let to = Field.optional("to", .timestamp, "Recorded before this time.")
        static let cursor = Field.optional(
            "cursor",
            .string(pattern: "^[1-9][0-9]{0,17}-[1-9][0-9]{0,3}-[1-9][0-9]{0,17}$") { AuditLog.Cursor($0) != nil },
            "The nextCursor of the page before."
        )
        static let limit = Field.optional("limit", .integer(1...200), "Rows on a page; 50 unless given.")
        static let fields: Fields = [
            event, actor, subject, correlationID, service, messageID, receivedBy, receivedID, from, to, cursor, limit,
        ]
    }

    private enum AccessQuery {
        static let viewer = Field.optional("viewer", .string(), "Only what this one saw.")
        static let resource = Field.optional("resource", .string(), "Only who saw this profile or document.")
        static let type = Field.optional("type", .choice(AuditFilter.accesses.map(\.type)), "Only these.")
        static let fields: Fields = [viewer, resource, type, Query.from, Query.to, Query.cursor, Query.limit]
    }

    private let log: AuditLog

    package init(_ log: AuditLog) { self.log = log }

    package var routes: [Route] {
        [
            Route(
                "GET",
                "/api/v1/audit",
                access: .scope(.operate),
                summary:
                    "Rows of the audit log, the newest first. Personal data, codes and links are shown with read:personal.",
                query: Query.fields,
                holdsSecrets: true,
                answers: [.of(200, "A page of rows.", Schemas.auditPage)],
                handler: list
            ),
            Route(
                "GET",
                "/api/v1/audit/access-logs",
                access: .scope(.operate),
                summary: "Who saw which profile or document, the newest first.",
                query: AccessQuery.fields,
                answers: [.of(200, "A page of accesses.", Schemas.accessPage)],
                handler: accesses
            ),
            Route(
                "GET",
                "/api/v1/audit/{id}",
                access: .scope(.operate),
                summary: "A row of the audit log, with the action that it began or ended, and that action's other row.",
                parameters: [
                    Field.required("id", .string(pattern: "^[1-9][0-9]{0,3}-[1-9][0-9]{0,17}$"), "The row.")
                ],
                holdsSecrets: true,
                answers: [.of(200, "The row.", Schemas.auditEntry), .of(404, "There is no such row.")],
                handler: get
            ),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        var filter = AuditFilter()
        filter.event = call.query[Query.event]
        filter.actor = call.query[Query.actor]
        filter.subject = call.query[Query.subject]
        filter.correlationID = call.query[Query.correlationID]
        filter.service = call.query[Query.service]
        filter.messageID = call.query[Query.messageID]
        filter.receivedBy = call.query[Query.receivedBy]
        filter.receivedID = call.query[Query.receivedID]
        let page = try await page(&filter, call)
        return Envelope.page(page.entries.map { $0.json(call.mask) }, nextCursor: page.next?.text)
    }

    private func accesses(_ call: Call) async throws -> HTTPResponse {
        var filter = AuditFilter()
        filter.actor = call.query[AccessQuery.viewer]
        filter.subject = call.query[AccessQuery.resource]
        let type = call.query[AccessQuery.type]
        filter.events = AuditFilter.accesses.filter { type == nil || $0.type == type }.map(\.event)
        let page = try await page(&filter, call)
        return Envelope.page(page.entries.map(\.accessJSON), nextCursor: page.next?.text)
    }

    private func page(_ filter: inout AuditFilter, _ call: Call) async throws -> AuditLog.Page {
        filter.since = call.query[Query.from]?.microseconds
        filter.until = call.query[Query.to]?.microseconds
        return try await log.page(
            filter,
            after: call.query[Query.cursor].flatMap(AuditLog.Cursor.init),
            limit: call.query[Query.limit] ?? 50,
            reveals: call.mask.isOff
        )
    }

    private func get(_ call: Call) async throws -> HTTPResponse {
        guard let id = AuditEntry.ID(call.parameter("id")) else {
            throw APIError.invalid([.init(field: "id", message: "has to be two numbers with a hyphen between them")])
        }
        guard let entry = try await log.entry(id, reveals: call.mask.isOff) else {
            throw APIError.notFound("audit row \(id)")
        }
        var others: [AuditEntry] = []
        for other in [entry.action?.started, entry.action?.finished] {
            if let other, other != id, let found = try await log.entry(other, reveals: call.mask.isOff) {
                others.append(found)
            }
        }
        return Envelope.success(entry.json(call.mask, with: others))
    }
}

extension AuditEntry {
    fileprivate func json(_ mask: PersonalMask, with others: [AuditEntry] = []) -> String {
        var object = JSONObject()
        object.add("id", id.description)
        object.add("recordedAt", WallClock.iso8601(record.recordedAt))
        object.add("occurredAt", WallClock.iso8601(record.occurredAt))
        object.add("event", record.event)
        object.add("actor", record.actor)
        object.add("subject", record.subject)
        object.add("service", record.service)
        object.add("correlationId", record.correlationID)
        object.add("messageId", record.messageID)
        object.add("received", json: record.receipt.json)
        object.add("personalData", disclosure.rawValue)
        object.add("action", json: action?.json)
        object.add("body", json: mask.sealed(record.body))
        if !others.isEmpty { object.add("linked", jsons: others.map { $0.json(mask) }) }
        return object.closed
    }

    fileprivate var accessJSON: String {
        var object = JSONObject()
        object.add("id", id.description)
        object.add("accessedAt", WallClock.iso8601(record.occurredAt))
        object.add("viewer", record.actor)
        object.add("type", String(record.event.prefix { $0 != "." }))
        object.add("resource", record.subject)
        object.add("service", record.service)
        object.add("correlationId", record.correlationID)
        object.add("messageId", record.messageID)
        return object.closed
    }
}

extension AuditReceipt {
    /// `nil` where nothing is known.
    fileprivate var json: String? {
        guard !isEmpty else { return nil }
        var object = JSONObject()
        object.add("by", by)
        object.add("route", route)
        object.add("address", address)
        object.add("at", at.map { WallClock.iso8601($0) })
        object.add("id", id)
        return object.closed
    }
}

extension AuditAction {
    fileprivate var json: String {
        var object = JSONObject()
        object.add("name", name)
        object.add("status", status)
        object.add("startedAt", WallClock.iso8601(startedAt))
        object.add("finishedAt", finishedAt.map { WallClock.iso8601($0) })
        object.add("durationMs", milliseconds.map { Int($0) })
        object.add("started", started.description)
        object.add("finished", finished?.description)
        return object.closed
    }
}
