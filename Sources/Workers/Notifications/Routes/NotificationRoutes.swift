package import FlotillaHTTPRouting
import FlotillaModules
import FlotillaModels
import FlotillaOutbound
import FlotillaPlatform
package import FlotillaStorage

/// `/api/v1/notifications`: send, and see what became of it. The paths without a version are those of older callers.
package struct NotificationRoutes: Sendable {
    private enum Query {
        static let status = Field.optional(
            "status",
            .choice(NotificationStatus.allCases.map(\.rawValue)),
            "Only those that have come so far."
        )
        static let channel = Field.optional(
            "type",
            .choice(Channel.allCases.map(\.rawValue)),
            "Only those of this channel."
        )
        static let template = Field.optional("template", .string(length: 1...200), "Only those by this template.")
        static let provider = Field.optional("provider", .string(length: 1...100), "Only those that this one took.")
        static let recipient = Field.optional(
            "recipient",
            .string(length: 1...320),
            "Only those to this address, number, or key such as user:42."
        )
        static let eventID = Field.optional("eventId", .string(), "Only those that belong to this event.")
        static let from = Field.optional("from", .timestamp, "Made at or after.")
        static let to = Field.optional("to", .timestamp, "Made before.")
        static let cursor = Field.optional("cursor", .uuid, "The nextCursor of the page before.")
        static let limit = Field.optional("limit", .integer(1...200), "Notifications on a page; 50 unless given.")
        static let history: Fields = [
            status, channel, template, provider, recipient, eventID, from, to, cursor, limit,
        ]
        static let statistics: Fields = [status, channel, template, provider, recipient, eventID, from, to]
    }

    private static let idempotencyKey = IdempotencyHeader.field("Repeats with the same key send nothing again.")
    private static let traceParent = Field.optional("traceparent", .string(length: 1...255), "W3C Trace Context.")
    static let bases = ["/api/v1/notifications", "/api/notifications"]

    private let lists: PostgresPool
    private let records: NotificationRecords
    private let intake: NotificationIntake
    private let admission: AdmissionControl

    /// - Parameter lists: for what may take long; `pool` unless given.
    package init(
        _ pool: PostgresPool,
        lists: PostgresPool? = nil,
        dispatch: NotificationDispatch,
        admission: AdmissionControl
    ) {
        self.lists = lists ?? pool
        self.admission = admission
        records = NotificationRecords(pool)
        intake = NotificationIntake(pool, dispatch)
    }

    package var routes: [Route] {
        Self.bases.flatMap { base in
            Channel.allCases.map { sending($0, under: base) } + reading(under: base)
        }
    }

    private func sending(_ channel: Channel, under base: String) -> Route {
        Route(
            "POST",
            "\(base)/\(channel.rawValue)",
            access: .scope(.send),
            summary: "Send a notification by \(channel.rawValue). The answer comes once it is stored for good.",
            body: Fields(NotificationMessages.commandFields),
            examples: [("one", NotificationCommand.example(channel))],
            headers: [Self.idempotencyKey, Self.traceParent],
            holdsSecrets: true,
            answers: [
                .of(
                    201,
                    "Accepted; Location says where to follow it.",
                    Schemas.notificationReceipt,
                    hasLocation: true
                ),
                .of(409, "The first request with the idempotency key is not answered yet."),
                .of(422, "The request has mistakes, or its idempotency key belongs to another one."),
            ],
            handler: { call in try await send(call, by: channel) }
        )
    }

    private func reading(under base: String) -> [Route] {
        [
            Route(
                "GET",
                "\(base)/{id}/status",
                access: .scope(.read),
                summary: "What became of a notification. Recipient and subject are shown with read:personal.",
                parameters: [Field.required("id", .uuid, "The notification.")],
                holdsSecrets: true,
                answers: [
                    .of(200, "The notification.", Schemas.notification), .of(404, "There is no such notification."),
                ],
                handler: status
            ),
            Route(
                "GET",
                "\(base)/history",
                access: .scope(.read),
                summary: "Notifications, the newest first, with the same masked.",
                query: Query.history,
                holdsSecrets: true,
                answers: [.of(200, "A page of notifications.", Schemas.notificationPage)],
                handler: history
            ),
            Route(
                "GET",
                "\(base)/statistics",
                access: .scope(.read),
                summary: "How many notifications there are, by status, template, channel, provider and day (UTC).",
                query: Query.statistics,
                answers: [.of(200, "The counts.", Schemas.notificationStatistics)],
                handler: statistics
            ),
        ]
    }

    private func send(_ call: Call, by channel: Channel) async throws -> HTTPResponse {
        try admission.check()
        let result: NotificationIntake.Result
        var request: NotificationRequest
        do {
            request = try NotificationCommand(body: call.request.body).request
            request.channels = [channel]
            request.correlationID = call.correlationID
            request.createdBy = call.principal?.name
            request.traceParent = call.headers[Self.traceParent]
            result = try await intake.take(request, key: call.idempotencyKey)
        } catch {
            throw APIError(notification: error) ?? error
        }
        switch result {
        case .created(let summaries): return receipt(summaries, base: call.request.path, isRepeat: false)
        case .existing(let summaries): return receipt(summaries, base: call.request.path, isRepeat: true)
        case .conflict: throw APIError.idempotencyKeyReused()
        }
    }

    /// The first notification in the shape of a single one; of several, all of them beside it.
    private func receipt(_ summaries: [NotificationIntake.Summary], base: String, isRepeat: Bool) -> HTTPResponse {
        var data = JSONObject()
        let first = summaries.first
        data.add("notificationId", first?.id)
        data.add("messageId", json: "null")
        data.add("status", first?.status.rawValue)
        data.add("provider", json: "null")
        data.add("sentAt", json: first?.sentAt.map { WallClock.iso8601($0).json } ?? "null")
        data.add("reason", first?.reason)
        if summaries.count > 1 {
            data.add("count", summaries.count)
            data.add(
                "notifications",
                jsons: summaries.map { summary in
                    var object = JSONObject()
                    object.add("notificationId", summary.id)
                    object.add("status", summary.status.rawValue)
                    object.add("sentAt", summary.sentAt.map { WallClock.iso8601($0) })
                    object.add("reason", summary.reason)
                    return object.closed
                }
            )
        }
        var headers = HTTPHeaders()
        if let first {
            let collection = base.split(separator: "/").dropLast().joined(separator: "/")
            headers.add("Location", "/\(collection)/\(first.id)/status")
        }
        if isRepeat { headers.add("Idempotent-Replayed", "true") }
        return Envelope.success(data.closed, status: 201, headers: headers)
    }

    private func status(_ call: Call) async throws -> HTTPResponse {
        let id = call.parameter("id").lowercased()
        guard id.isUUID else { throw APIError.invalid([.init(field: "id", message: "has to be a UUID")]) }
        guard let record = try await records.get(id) else { throw APIError.notFound("notification \(id)") }
        return Envelope.success(record.json(call.mask))
    }

    private func history(_ call: Call) async throws -> HTTPResponse {
        let limit = call.query[Query.limit] ?? 50
        let cursor = call.query[Query.cursor]?.lowercased()
        let found = try await NotificationRecords(lists).list(filter(call.query), after: cursor, limit: limit + 1)
        return Envelope.page(
            found.prefix(limit).map { $0.json(call.mask) },
            nextCursor: found.count > limit ? found[limit - 1].id : nil
        )
    }

    private func statistics(_ call: Call) async throws -> HTTPResponse {
        Envelope.success(try await NotificationStatistics.of(filter(call.query), in: lists).json)
    }

    private func filter(_ query: FieldValues) -> NotificationFilter {
        var filter = NotificationFilter()
        filter.status = query[Query.status].flatMap(NotificationStatus.init)
        filter.channel = query[Query.channel].flatMap(Channel.init)
        filter.template = query[Query.template]
        filter.provider = query[Query.provider]
        filter.recipient = query[Query.recipient]
        filter.eventID = query[Query.eventID]
        filter.since = query[Query.from]?.microseconds
        filter.until = query[Query.to]?.microseconds
        return filter
    }
}

extension APIError {
    /// What a request for a notification has wrong; `nil` for other errors.
    init?(notification error: any Error) {
        switch error {
        case let error as InvalidPayload:
            self = .invalid(([error] + error.others).map { .init(field: $0.field, message: $0.problem) })
        case let error as FieldError:
            self = .invalid([.init(field: error.field, message: error.problem)])
        case let error as TemplateError:
            let field = error.variable.map { "data.\($0)" } ?? "template"
            self.init(
                status: 422,
                code: error.code.rawValue,
                message: "The template can't be used like this.",
                details: [.init(field: field, message: error.detail)]
            )
        case let error as UnknownRecipient:
            self.init(
                status: 422,
                code: "unknown_recipient",
                message: "Nobody is known by that.",
                details: [.init(field: "to", message: error.description)]
            )
        case let error as UnreachableRecipient:
            self.init(
                status: 422,
                code: "unreachable_recipient",
                message: "The recipient can't be reached in this way.",
                details: [.init(field: "to", message: error.description)]
            )
        default: return nil
        }
    }
}
