package import FlotillaHTTPRouting
import FlotillaModules
package import FlotillaStorage

/// `/api/v1/notifications/in-app`: what applications show to their users.
package struct InboxRoutes: Sendable {
    private enum Query {
        static let user = Field.required("userId", .string(), "Whose: a user's id, or a key such as customer:7.")
        static let unread = Field.optional("unread", .choice(["true", "false"]), "Only what has not been read.")
        static let cursor = Field.optional("cursor", .uuid, "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Notifications on a page; 50 unless given.")
        static let fields: Fields = [user, unread, cursor, limit]
    }

    private enum Body {
        static let user = Field.required("userId", .string(), "Whose: a user's id, or a key such as customer:7.")
        static let fields: Fields = [user]
    }

    private let records: NotificationRecords

    private let lists: NotificationRecords

    /// - Parameter lists: for what may take long; `pool` unless given.
    package init(_ pool: PostgresPool, lists: PostgresPool? = nil) {
        records = NotificationRecords(pool)
        self.lists = NotificationRecords(lists ?? pool)
    }

    package var routes: [Route] { NotificationRoutes.bases.flatMap { routes(under: $0) } }

    private func routes(under base: String) -> [Route] {
        [
            Route(
                "GET",
                "\(base)/in-app",
                access: .scope(.readPersonal),
                summary: "What an application shows to a user, the newest first, and how much is unread.",
                query: Query.fields,
                holdsSecrets: true,
                answers: [.of(200, "A page of notifications.", Schemas.inbox)],
                handler: list
            ),
            Route(
                "POST",
                "\(base)/{id}/read",
                access: .scope(.edit),
                summary: "Mark one as read. Its first time stays.",
                parameters: [Field.required("id", .uuid, "The notification.")],
                holdsSecrets: true,
                answers: [
                    .of(200, "The notification.", Schemas.inboxItem),
                    .of(404, "There is no such notification in an application."),
                ],
                handler: read
            ),
            Route(
                "POST",
                "\(base)/in-app/read",
                access: .scope(.edit),
                summary: "Mark all of a user as read.",
                body: Body.fields,
                examples: [("user", #"{"userId":"42"}"#)],
                answers: [
                    .of(200, "How many were not.", #"{"type":"object","properties":{"changed":{"type":"integer"}}}"#)
                ],
                handler: readAll
            ),
        ]
    }

    private func list(_ call: Call) async throws -> HTTPResponse {
        let recipient = RecipientKey(named: call.query.required(Query.user))
        let limit = call.query[Query.limit] ?? 50
        let found = try await lists.inApp(
            of: recipient,
            onlyUnread: call.query[Query.unread] == "true",
            after: call.query[Query.cursor]?.lowercased(),
            limit: limit + 1
        )
        var data = JSONObject()
        data.add("items", jsons: found.prefix(limit).map { $0.inAppJSON(call.mask) })
        data.add("unread", try await lists.unreadCount(of: recipient))
        data.add("nextCursor", json: found.count > limit ? found[limit - 1].id.json : "null")
        return Envelope.success(data.closed)
    }

    private func read(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        guard let record = try await records.markRead(id) else {
            throw APIError.notFound("notification \(id) in an application")
        }
        return Envelope.success(record.inAppJSON(call.mask))
    }

    private func readAll(_ call: Call) async throws -> HTTPResponse {
        let changed = try await records.markAllRead(of: RecipientKey(named: call.body.required(Body.user)))
        return Envelope.success("{\"changed\":\(changed)}")
    }
}

extension RecipientKey {
    /// Reads a user's id, or a whole key.
    init(named text: String) {
        let isKey = ["user:", "customer:", "address:"].contains(where: text.hasPrefix)
        self = isKey ? RecipientKey(text: text) : .user(text)
    }
}
